"""Links: the list, and one of them."""

from collections.abc import Sequence
from functools import partial

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import empty, links, questions
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Tone
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import confirm
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.screens.paging import PageScreen
from mmsconsole.console.state import LinksState, LinkState, State
from mmsconsole.metadata.links import OPEN
from mmsconsole.operations.link_views import LinkOffer, LinkView


class LinksScreen(ListScreen):
    VIEW = actions.LINKS
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = links.DETAIL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return links.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [links.row(link, page) for link in _links(state)]

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = find(_links(state), self.key)
        return links.detail(chosen, self._offer(chosen), page) if chosen else []

    def nothing(self) -> list[Line]:
        return empty.no_links()

    def deployment_name(self) -> str:
        chosen = self._chosen()
        return self.place.deployment or (chosen.deployment if chosen else "")

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {
            "item.open": lambda _: self._open(),
            "link.revoke": lambda _: ask_to_revoke(self, self._chosen()),
        }

    def _offer(self, link: LinkView) -> LinkOffer | None:
        return self.console.memory.offers.get(link.id)

    def _chosen(self) -> LinkView | None:
        return find(_links(self.state), self.key) if self.state else None

    def _open(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.console.navigation.go(Place(actions.LINK, chosen.deployment, chosen.id))


class LinkScreen(PageScreen):
    """With the command line to download it, in the console that it was made in."""

    VIEW = actions.LINK
    BINDINGS = bindings_for(VIEW, actions.SCROLL)

    def lines(self, state: State, page: Page) -> list[Line]:
        assert isinstance(state, LinkState)
        return links.draw(state.link, self._offer, page)

    @property
    def _offer(self) -> LinkOffer | None:
        return self.console.memory.offers.get(self.place.item)

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {
            "link.revoke": lambda _: ask_to_revoke(self, self._link()),
            "link.copy": lambda _: copy_command(self, self._offer),
        }

    def _link(self) -> LinkView | None:
        return self.state.link if isinstance(self.state, LinkState) else None


def copy_command(screen: ConsoleScreen, offer: LinkOffer | None) -> None:
    """By the terminal itself (OSC 52), so it works over SSH; not every terminal does it."""
    if offer is None:
        screen.tell("Its command line was told when it was made.", Tone.WARN)
    else:
        screen.app.copy_to_clipboard(offer.curl)
        screen.tell("Copied the command line, where the terminal allows it.")


def ask_to_revoke(screen: ConsoleScreen, link: LinkView | None) -> None:
    if link is None:
        return
    if link.state not in OPEN:
        screen.tell(f"This link is {link.state} already.", Tone.WARN)
        return
    question = confirm(
        f"Revoke the link of {link.deployment}?", questions.revoke_text(link), "revoke it"
    )
    screen.console.confirm(question, partial(_revoked, screen, link))


def _revoked(screen: ConsoleScreen, link: LinkView) -> None:
    screen.console.ask(
        f"revoking the link to {link.name}",
        lambda operations: operations.revoke_link(link.id),
        lambda _: "The link gives nothing any more.",
    )


def _links(state: State) -> tuple[LinkView, ...]:
    assert isinstance(state, LinksState)
    return state.links
