"""The stack of places."""

from mmsconsole.console.navigation import DEPTH_MAX, ROOT, Navigation, Place

ORDERS = Place("deployment", "orders")
SNAPSHOTS = Place("snapshots", "orders")
WIZARD = Place("wizard", "orders")


def test_it_begins_at_the_overview_and_never_leaves_it() -> None:
    navigation = Navigation()
    assert navigation.place == ROOT
    assert not navigation.back()
    assert navigation.place == ROOT


def test_back_leads_where_one_came_from() -> None:
    navigation = Navigation()
    navigation.go(ORDERS)
    navigation.go(WIZARD)
    assert navigation.back()
    assert navigation.place == ORDERS


def test_a_place_on_the_stack_is_gone_back_to() -> None:
    navigation = Navigation()
    for place in (ORDERS, WIZARD, ORDERS):
        navigation.go(place)
    assert navigation.stack == (ROOT, ORDERS)


def test_neighbours_replace_one_another() -> None:
    navigation = Navigation()
    navigation.switch(ORDERS)
    navigation.switch(SNAPSHOTS)
    assert navigation.stack == (ROOT, SNAPSHOTS)


def test_a_neighbour_opened_from_a_wizard_leads_back_to_it() -> None:
    navigation = Navigation()
    navigation.go(WIZARD)
    navigation.switch(SNAPSHOTS)
    assert navigation.stack == (ROOT, WIZARD, SNAPSHOTS)


def test_the_overview_is_the_bottom_and_not_a_neighbour() -> None:
    navigation = Navigation()
    navigation.go(ORDERS)
    navigation.switch(ROOT)
    assert navigation.stack == (ROOT,)


def test_listeners_hear_of_every_move_and_of_no_standstill() -> None:
    heard: list[Place] = []
    navigation = Navigation()
    navigation.listen(heard.append)
    navigation.go(ORDERS)
    navigation.go(ORDERS)
    navigation.back()
    navigation.back()
    assert heard == [ORDERS, ROOT]


def test_previous_goes_to_and_fro() -> None:
    navigation = Navigation()
    assert not navigation.previous()
    navigation.switch(ORDERS)
    navigation.switch(SNAPSHOTS)
    navigation.previous()
    assert navigation.place == ORDERS
    navigation.previous()
    assert navigation.place == SNAPSHOTS


def test_crumbs_leave_the_name_to_the_header() -> None:
    navigation = Navigation()
    navigation.go(ORDERS)
    navigation.go(WIZARD)
    assert navigation.crumbs() == ("new restore",)


def test_the_stack_is_bounded() -> None:
    navigation = Navigation()
    for number in range(3 * DEPTH_MAX):
        navigation.go(Place("restore", "orders", str(number)))
    assert len(navigation.stack) <= DEPTH_MAX + 1
    assert navigation.stack[0] == ROOT
