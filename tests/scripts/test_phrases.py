"""The phrases that `scripts/check` refuses: where it looks for them, and where it does not."""

from pathlib import Path

import pytest

from scripts.phrases import refused


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/page.md", "It waits.\nNobody knows why.\n"),
        ("monarch/cli/some.py", '"""Said."""\nfail("somebody has it")\n'),
        ("monarch/cli/some.py", '"""Said."""\nfail(f"{1} is told of it")\n'),
        ("monarch/cli/commands.py", '\ndef pause() -> None:\n    """Tell whoever asks."""\n'),
        ("monarch/adapters/valkey/scripts/some.lua", "--\nlocal why = 'lest it comes'\n"),
        ("monarch/adapters/valkey/scripts/some.lua", "--\n-- nobody else\n"),
        ("monarch/ports/some.py", '"""Said.\n\nWhoever reads.\n"""\n'),
        ("monarch/web/templates/some.html", "<main>\n<p>Nobody writes.</p>\n"),
        ("monitoring/some.rules.yml", "groups:\n  summary: a channel was not told\n"),
        ("docs/page.md", "It waits.\nA date that is none fails.\n"),
        ("monitoring/grafana/dashboards/some.json", '{\n"title": "Taken by nobody"}\n'),
        ("deploy/kubernetes/some.yaml", "kind: Pod\n# somebody listens\n"),
        ("deploy/systemd/some.service", "[Unit]\n# whoever starts it\n"),
        (".env.template", "A=\n# whoever wrote it\n"),
        ("docker-compose.yml", "name: x\n# for nobody else\n"),
        ("Dockerfile", "FROM x\n# by whoever builds\n"),
        ("monarch/sandbox/http.py", '"""Said."""\nPORT = 0  # nobody listens\n'),
    ],
)
def test_a_phrase_that_people_read_is_refused_with_its_line(path: str, text: str) -> None:
    """In pages, strings, docstrings and comments, the help of commands, and whatever operators read beside them."""
    (breach,) = refused(Path(path), text)

    assert breach.startswith((f"{path}:2: ", f"{path}:3: "))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/page.md", "Write `nobody` or\n```\nwhoever\n```\nas long as it holds.\n"),
        ("CHANGELOG.md", "Nobody could.\n"),
        ("monarch/ports/some.py", '"""It is `nobody`."""\nNAME = "somebody"\n'),
        ("monarch/sandbox/some.py", 'text = "nobody is here"\n'),
        ("monarch/adapters/valkey/scripts/some.lua", "-- no one else\nlocal by = 'somebody'\n"),
        ("monarch/web/static/some.js", "// nobody is here\n"),
        ("monitoring/some.rules.yml", "- alert: MonarchNobodyListens\n"),
        ("tests/data/some.json", '{"title": "Thank somebody"}\n'),
        ("tests/some.py", 'text = "nobody is here"\n'),
    ],
)
def test_names_and_code_are_left_alone(path: str, text: str) -> None:
    """One word is a name."""
    assert list(refused(Path(path), text)) == []
