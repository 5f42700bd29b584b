"""Texts in the language of the user, and errors that have one."""

from .error_texts import error_text
from .messages import (
    Message,
    async_load_messages,
    async_options,
    async_translate,
    async_translate_list,
    name_order,
    name_placeholders,
    plain,
    translate,
    url_host,
    wall_clock,
)
from .translated_errors import abort_on_ledger_errors, translated_ledger_errors
from .words import Words

__all__ = [
    "Message",
    "Words",
    "abort_on_ledger_errors",
    "async_load_messages",
    "async_options",
    "async_translate",
    "async_translate_list",
    "error_text",
    "name_order",
    "name_placeholders",
    "plain",
    "translate",
    "translated_ledger_errors",
    "url_host",
    "wall_clock",
]
