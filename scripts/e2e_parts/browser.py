"""Chromium, with one window of a size and a language that is signed in to Home Assistant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
import os

from playwright.async_api import Page, async_playwright

from tests.helpers.home_assistant import HomeAssistant

WAIT_SECONDS = 30


@dataclass(frozen=True)
class Kind:
    """A kind of run: the size of the window, the language, and how it is used."""

    size: str
    language: str
    # With the keyboard alone, instead of a mouse or a finger.
    keyboard: bool = False

    @property
    def name(self) -> str:
        """The name in options and of pictures."""
        return f"{self.size}-{self.language}"

    @property
    def is_phone(self) -> bool:
        """True if it is used with a finger."""
        return self.size == "phone"


KINDS = (
    Kind("desktop", "en", keyboard=True),
    Kind("desktop", "de"),
    Kind("phone", "en"),
    Kind("phone", "de"),
)
# Only on request: for those who change the texts.
MORE_KINDS = tuple(Kind(size, language) for language in ("fr", "sv") for size in ("desktop", "phone"))
_SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
_LOCALES = {"en": "en-GB", "de": "de-DE", "fr": "fr-FR", "sv": "sv-SE"}


@asynccontextmanager
async def window(kind: Kind, home: HomeAssistant) -> AsyncIterator[Page]:
    """Open a window for a run."""
    options = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    if os.geteuid() == 0:
        # As root, Chromium refuses to start with its sandbox.
        options.append("--no-sandbox")
    # The frontend reads from here that somebody is signed in.
    signed_in = {
        "access_token": home.token,
        "token_type": "Bearer",
        "refresh_token": "",
        "hassUrl": home.url,
        "clientId": f"{home.url}/",
        "expires_in": 10**9,
        "expires": 4 * 10**12,
    }
    width, height = _SIZES[kind.size]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=os.environ["E2E_BROWSER"], args=options)
        try:
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                locale=_LOCALES[kind.language],
                has_touch=kind.is_phone,
                is_mobile=kind.is_phone,
                reduced_motion="reduce",
            )
            context.set_default_timeout(WAIT_SECONDS * 1000)
            await context.add_init_script(f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(signed_in))})")
            yield await context.new_page()
        finally:
            await browser.close()
