"""What each of Slack's errors means for a message of ours: `ok: false` with one of these words.

The words are those that docs.slack.dev lists for `chat.postMessage` and `chat.update`, and for every method. An error
that is not among them may pass: it is tried again, and counted.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from monarch.core.advice import NO_ADVICE, RESTART, Advice


class Meaning(Enum):
    """What becomes of a call that was refused."""

    LIMITED = auto()
    """Too many calls: wait as long as Slack asks."""

    PERHAPS_DONE = auto()
    """In Slack's words, "some aspect of the operation" may have succeeded."""

    PASSING = auto()
    """Certainly nothing was posted, and a later try may succeed."""

    GONE = auto()
    """The message that was to be edited, or answered, was deleted."""

    FROZEN = auto()
    """The message that was to be edited is there and cannot be edited any more."""

    BLOCKS = auto()
    """Slack does not take the message's blocks; its text alone it may take."""

    PERSON = auto()
    """A person has to change something; what, is said in the advice."""


@dataclass(frozen=True, slots=True)
class SlackError:
    """One row."""

    meaning: Meaning
    advice: Advice = NO_ADVICE


_INVITE = SlackError(
    Meaning.PERSON,
    Advice("send the message again with another channel, or invite the app to this one (/invite)"),
)
_TOKEN = SlackError(
    Meaning.PERSON,
    Advice(f"check SLACK_BOT_TOKEN and its workspace, set a valid one, {RESTART}"),
)
_RIGHTS = SlackError(
    Meaning.PERSON, Advice("give the app the scope chat:write and the right to post there")
)
_ADMIN = SlackError(
    Meaning.PERSON,
    Advice("an administrator of the workspace restricts this app or its token; have that lifted"),
)
_CHANNEL = SlackError(
    Meaning.PERSON,
    Advice(
        "the channel takes no messages of this kind; send the message again with another channel",
        replay=False,
    ),
)
_ARCHIVED = SlackError(
    Meaning.PERSON, Advice("send the message again with another channel, or unarchive this one")
)
_ID = SlackError(
    Meaning.PERSON,
    Advice(
        "a token for a whole organisation needs the channel's id; send the message again with that instead of its name",
        replay=False,
    ),
)
_TAB = SlackError(
    Meaning.PERSON,
    Advice(
        "the channel is a person, and the app's messages tab is off; switch it on in the app's settings"
    ),
)
_RELEASE = SlackError(
    Meaning.PERSON,
    Advice(
        "Slack does not take this message; sending it again helps only after a new release of Monarch",
        replay=False,
    ),
)
_GONE = SlackError(Meaning.GONE)
_FROZEN = SlackError(Meaning.FROZEN)
_BLOCKS = SlackError(Meaning.BLOCKS, _RELEASE.advice)
_PASSING = SlackError(Meaning.PASSING)
_LIMITED = SlackError(Meaning.LIMITED)
_PERHAPS = SlackError(Meaning.PERHAPS_DONE)

ERRORS: Final = {
    "ratelimited": _LIMITED,
    "rate_limited": _LIMITED,
    "fatal_error": _PERHAPS,
    "internal_error": _PERHAPS,
    # That will pass by itself.
    "external_channel_migrating": _PASSING,
    "message_limit_exceeded": _PASSING,
    "org_login_required": _PASSING,
    "request_timeout": _PASSING,
    "service_unavailable": _PASSING,
    "streaming_state_conflict": _PASSING,
    "team_added_to_org": _PASSING,
    # The message to be edited.
    "block_mismatch": _FROZEN,
    "cant_update_message": _FROZEN,
    "edit_window_closed": _FROZEN,
    "is_inactive": _FROZEN,
    "message_not_found": _GONE,
    "thread_not_found": _GONE,
    "update_failed": _FROZEN,
    # The channel.
    "cannot_reply_to_message": _CHANNEL,
    "channel_not_found": _INVITE,
    "ekm_access_denied": _ADMIN,
    "is_archived": _ARCHIVED,
    "messages_tab_disabled": _TAB,
    "not_in_channel": _INVITE,
    "restricted_action": _RIGHTS,
    "restricted_action_non_threadable_channel": _CHANNEL,
    "restricted_action_read_only_channel": _RIGHTS,
    "restricted_action_thread_locked": _CHANNEL,
    "restricted_action_thread_only_channel": _CHANNEL,
    "slack_connect_canvas_sharing_blocked": _ADMIN,
    "slack_connect_file_link_sharing_blocked": _ADMIN,
    "slack_connect_lists_sharing_blocked": _ADMIN,
    "team_not_found": _ID,
    # The token.
    "account_inactive": _TOKEN,
    "invalid_auth": _TOKEN,
    "not_allowed_token_type": _TOKEN,
    "not_authed": _TOKEN,
    "token_expired": _TOKEN,
    "token_revoked": _TOKEN,
    # What it may.
    "access_denied": _RIGHTS,
    "accesslimited": _ADMIN,
    "app_access_restricted": _ADMIN,
    "enterprise_is_restricted": _ADMIN,
    "is_bot": _TOKEN,
    "missing_scope": _RIGHTS,
    "no_permission": _RIGHTS,
    "send_on_behalf_not_allowed": _RIGHTS,
    "team_access_not_granted": _RIGHTS,
    "two_factor_setup_required": _ADMIN,
    "user_is_bot": _TOKEN,
    "user_is_restricted": _RIGHTS,
    # The message.
    "as_user_not_supported": _RELEASE,
    "attachment_payload_limit_exceeded": _RELEASE,
    "cant_broadcast_message": _RELEASE,
    "deprecated_endpoint": _RELEASE,
    "duplicate_channel_not_found": _RELEASE,
    "duplicate_message_not_found": _RELEASE,
    "invalid_arg_name": _RELEASE,
    "invalid_arguments": _RELEASE,
    "invalid_array_arg": _RELEASE,
    "invalid_attachments": _RELEASE,
    "invalid_blocks": _BLOCKS,
    "invalid_blocks_format": _BLOCKS,
    "invalid_charset": _RELEASE,
    "invalid_form_data": _RELEASE,
    "invalid_metadata_format": _RELEASE,
    "invalid_metadata_schema": _RELEASE,
    "invalid_post_type": _RELEASE,
    "markdown_text_conflict": _RELEASE,
    "metadata_must_be_sent_from_app": _RELEASE,
    "metadata_too_large": _RELEASE,
    "method_deprecated": _RELEASE,
    "method_not_supported_for_channel_type": _CHANNEL,
    "missing_file_data": _RELEASE,
    "missing_post_type": _RELEASE,
    "msg_blocks_too_long": _BLOCKS,
    "msg_too_long": _RELEASE,
    "no_dual_broadcast_content_update": _RELEASE,
    "no_text": _RELEASE,
    "stopped_by_user": _ADMIN,
    "too_many_attachments": _RELEASE,
    "too_many_contact_cards": _RELEASE,
    "unknown_method": _RELEASE,
}

_BY_BEGINNING = (("restricted_action", _RIGHTS), ("cannot_", _RIGHTS), ("invalid_", _RELEASE))


def meaning_of(error: str) -> SlackError | None:
    """What an error means; `None` where it is none that Slack documents."""
    beginnings = (row for start, row in _BY_BEGINNING if error.startswith(start))
    return ERRORS.get(error) or next(beginnings, None)
