"""The scenery: the repositories, the template and the messages of each fault that needs its own. Pure."""

from typing import Final

from scripts.chaos_machine.scenes import (
    MIDDLE,
    SPRINTS,
    WRONG_CHANNEL,
    WRONG_CHANNEL_TARGETS,
    Scene,
    Template,
    template_of,
)
from scripts.chaos_machine.wishes import Wish, Wishes, message

COHORT: Final = 3
"""Teams of the large request before which a small one is put."""


class Scenery:
    """Sets up the scenes of the faults that need one; adds their messages to the `made` ones."""

    def __init__(self, wishes: Wishes, made: list[Wish]) -> None:
        """Begin with no scene."""
        self._wishes = wishes
        self._made = made
        self.late: list[str] = []
        self.others: list[str] = []
        self.templates: list[Template] = []

    def of(self, kind: str, at_s: float) -> Scene | None:
        """The scene of a fault of that kind at that time; `None`: it needs none."""
        if kind.partition(".")[0] not in _WITH_A_SCENE and kind not in _WITH_A_SCENE:
            return None
        source = self._source(kind)
        if kind == "heavy.burst":
            return Scene(source)
        targets = self._targets(kind)
        late = self._late(kind, targets)
        others = [f"{targets[0]}-other"] if kind == "repository.swapped" else []
        self.late += late
        self.others += others
        channel = WRONG_CHANNEL if kind == "heavy.wrong_channel" else self._wishes.new_channel()
        first, *more = SPRINTS if kind == "after.portions" else ("",)
        wish = self._wish(kind, at_s, source, targets, channel, first)
        later = [
            self._wish(kind, at_s, source, targets, self._wishes.new_channel(), one) for one in more
        ]
        if kind == "after.first":
            small = [self._wishes.team()]
            later = [self._wish(kind, at_s, source, small, self._wishes.new_channel())]
        return Scene(
            source, tuple(targets), tuple(others), tuple(late), channel, wish, tuple(later)
        )

    def _targets(self, kind: str) -> list[str]:
        match kind:
            case "clock.slow":
                return [f"teams/never-{len(self._made)}"]
            case "after.missed":
                # An owner of its own: a sweep of this one finds nothing of another scene.
                return [self._wishes.team(owner=f"class-{len(self._made):04d}")]
            case "heavy.wrong_channel":
                count = WRONG_CHANNEL_TARGETS
            case "after.first":
                count = COHORT
            case _:
                count = 1
        return [self._wishes.team() for _ in range(count)]

    def _late(self, kind: str, targets: list[str]) -> list[str]:
        match kind:
            case "clock.fast" | "after.adopt":
                return targets
            case "after.missed":
                owner = targets[0].partition("/")[0]
                return [self._wishes.team(owner=owner)]
            case _:
                return []

    def _wish(
        self,
        kind: str,
        at_s: float,
        source: str,
        targets: list[str],
        channel: str,
        milestone: str = "",
    ) -> int:
        """Add a message that a hand sends; its number."""
        milestones = (milestone,) if milestone else ()
        self._made.append(
            Wish(
                at_s,
                f"the scene of {kind}",
                "submit",
                message(source, targets, channel, milestones),
                source,
                tuple(targets),
                channel,
                by_hand=True,
                milestones=milestones,
            )
        )
        return len(self._made) - 1

    def _source(self, kind: str) -> str:
        template = template_of(kind, f"school/scene-{len(self.templates):04d}")
        if template is None:
            return MIDDLE
        self.templates.append(template)
        return template.name


_WITH_A_SCENE: Final = frozenset(
    {
        *("repository", "source", "strangers", "heavy", "account", "clock", "after"),
        *("people.change_copies", "people.delete_all_copies"),
    }
)
"""Groups of kinds, and kinds."""
