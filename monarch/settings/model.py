"""The settings of an installation: its variables, and what follows from them.

`Settings(...)` reads nothing (`reading.load_settings` alone looks at the environment), so that tests and the demo can
make one from plain values, by field name or by variable name.
"""

from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pydantic import SecretStr

from monarch.settings.values import keys_of, without_credentials
from monarch.settings.variables import Variables

_IN_SENTINELS: Final = ("VALKEY_HOST", "VALKEY_PORT")
_IN_ADDRESS: Final = (*_IN_SENTINELS, "VALKEY_DB")
_CREDENTIALS: Final = ("VALKEY_USERNAME", "VALKEY_PASSWORD")


def _has_credentials(url: SecretStr) -> bool:
    parts = urlsplit(url.get_secret_value())
    return "@" in parts.netloc or "password=" in parts.query


class Settings(Variables):
    """Everything that an installation may decide."""

    @property
    def valkey_url(self) -> SecretStr:
        """The one address that counts, with credentials.

        `VALKEY_URL` wins; only when it carries no credentials, those beside it are added.
        """
        if self.valkey_url_given is None:
            host = f"[{self.valkey_host}]" if ":" in self.valkey_host else self.valkey_host
            url = f"valkey://{host}:{self.valkey_port}/{self.valkey_db}"
        else:
            url = self.valkey_url_given.get_secret_value()
        return SecretStr(self._with_credentials(url))

    @property
    def valkey_url_safe(self) -> str:
        """The same address for logs and people: without user and password."""
        if self.valkey_sentinels:
            asked = ", ".join(f"{host}:{port}" for host, port in self.valkey_sentinels)
            return f"{self.valkey_sentinel_master} (Sentinels {asked})"
        return without_credentials(self.valkey_url.get_secret_value())

    @property
    def marker_keys(self) -> tuple[str, ...]:
        """The keys that markers are signed with: the first one signs, all verify. Empty: there is none."""
        return keys_of(self.marker_keys_given) if self.marker_keys_given else ()

    @property
    def github_app_private_key(self) -> SecretStr | None:
        """The App's private key as PEM, wherever it came from."""
        return self.github_app_key_given or self.github_app_key_in_file

    def secrets(self) -> list[str]:
        """Everything that must not be shown, in every spelling in which it is sent; for a key, each line too."""
        fields = (self.gh_pat, self.slack_bot_token, self.web_token)
        passwords = (self.valkey_password, self.valkey_sentinel_password)
        found = {field.get_secret_value() for field in (*fields, *passwords) if field}
        found |= {*self.marker_keys}
        url = urlsplit(self.valkey_url.get_secret_value())
        quoted = {url.password or "", dict(parse_qsl(url.query)).get("password", "")}
        for proxy in filter(None, (self.github_proxy, self.slack_proxy)):
            quoted.add(urlsplit(proxy.get_secret_value()).password or "")
        return sorted((found | quoted | set(map(unquote, quoted)) | self._key_lines()) - {""})

    def _key_lines(self) -> set[str]:
        key = self.github_app_private_key
        pem = key.get_secret_value() if key else ""
        return {pem, *(line for line in pem.splitlines() if not line.startswith("-----"))}

    def winners(self) -> dict[str, str]:
        """The variables that do not count because another one is given, and which that is."""
        if self.valkey_url_given is not None:
            beside = [
                *_IN_ADDRESS,
                *(_CREDENTIALS if _has_credentials(self.valkey_url_given) else ()),
            ]
            return dict.fromkeys(beside, "VALKEY_URL")
        return dict.fromkeys(_IN_SENTINELS, "VALKEY_SENTINELS") if self.valkey_sentinels else {}

    def _with_credentials(self, url: str) -> str:
        password = self.valkey_password.get_secret_value() if self.valkey_password else ""
        if _has_credentials(SecretStr(url)):
            return url
        if not (password or self.valkey_username):
            return url
        user = quote(self.valkey_username or "", safe="")
        secret = f":{quote(password, safe='')}" if password else ""
        # Not urlunsplit: it would drop the empty host of unix:///path.
        return url.replace("://", f"://{user}{secret}@", 1)
