"""One question, three contenders, as a person meets them."""

from __future__ import annotations

import os
import re
import signal

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Open, answered, ask, device_pid, library, pane, until

expect.set_options(timeout=PATIENCE)

# Notes every pane that was seen with half an answer: a test that looks itself might come too late.
SEE_LIVE = """() => {
  window.live = new Set();
  const look = () => document.querySelectorAll('.turn.live').forEach(turn => turn.textContent.length > 5 && window.live.add(turn.closest('.pane')));
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}"""


def test_a_question_streams_to_three_panes_and_is_kept(open_page: Open) -> None:
    """The heart of the app, and the promise that what happened can be found again."""
    page = open_page()
    question = "Where do the kingfishers nest? [delay=0.2]"
    page.evaluate(SEE_LIVE)
    ask(page, question)
    answered(page, question)
    assert page.evaluate("window.live.size") == 3, "the panes did not stream"
    for i in range(3):
        expect(page.locator(f"{pane(page, i)} .met")).to_contain_text("of 4,096")
        expect(page.locator(f"{pane(page, i)} .met")).to_contain_text("by tiny")
    expect(page.locator(f"{pane(page, 0)} .scroll")).to_contain_text("You asked: Where do the kingfishers nest?")
    expect(page.locator("#q textarea")).to_have_value("")

    page.locator(f"{pane(page, 1)} summary").click()
    expect(page.locator(f"{pane(page, 1)} .prompt .sp").first).to_contain_text("<|user|>")
    expect(page.locator(f"{pane(page, 1)} .legend")).to_contain_text("cue")

    page.reload()
    answered(page, question)
    expect(page.locator("#start")).to_be_hidden()
    library(page)
    page.locator("#shelf-talks label", has_text="Where do the kingfishers nest?").click()
    expect(page.locator("#shelf-talks .beside")).to_contain_text("You asked: Where do the kingfishers nest?")


def test_stop_keeps_what_came_and_frees_the_page(open_page: Open) -> None:
    """Esc does the same as the button; the text that was paid for stays."""
    page = open_page()
    ask(page, "Count the herons [long][delay=0.05]")
    said = page.locator(f"{pane(page, 0)} .turn.live")
    expect(said).to_contain_text("You asked: Count the herons")
    page.keyboard.press("Escape")
    for i in range(3):
        expect(page.locator(f"{pane(page, i)} .scroll")).to_contain_text("Stopped.")
        expect(page.locator(f"{pane(page, i)} .met")).to_contain_text("stopped after")
    expect(page.locator(f"{pane(page, 0)} .scroll")).to_contain_text("You asked: Count the herons")
    expect(page.locator(".live")).to_have_count(0)
    expect(page.locator("#stop")).to_be_disabled()

    ask(page, "And after the herons?")
    answered(page, "And after the herons?")


def test_the_keyboard_is_enough(open_page: Open) -> None:
    """'/' goes to the question, Shift+Enter breaks a line, Enter sends."""
    page = open_page()
    page.locator("#copy").focus()
    page.keyboard.press("/")
    expect(page.locator("#q textarea")).to_be_focused()
    page.keyboard.type("first line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    answered(page, "first line\nsecond line")


def test_a_pane_is_set_to_another_way_of_asking(open_page: Open) -> None:
    """The settings spell the contender; a mistake is said beside it and loses no question."""
    page = open_page()
    page.get_by_role("button", name="Settings of C").click()
    sheet = page.get_by_role("dialog", name="Settings of C")
    sheet.get_by_label("Seed").fill("many")
    expect(sheet).to_contain_text("whole number")
    page.keyboard.press("Escape")
    ask(page, "Is this question lost?")
    expect(page.locator(".oops .fault").first).to_contain_text("Pane C")
    expect(page.locator("#q textarea")).to_have_value("Is this question lost?")

    page.get_by_role("button", name="Settings of C").click()
    sheet.get_by_label("Seed").fill("42")
    sheet.get_by_label("Longest answer").fill("4")
    expect(sheet.locator("code")).to_have_text("tiny/zero-shot?t=0.7&max=4&seed=42")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Settings of C")).to_be_focused()
    expect(page.locator(f"{pane(page, 2)} .phead")).to_contain_text("seed=42")
    page.press("#q textarea", "Enter")
    answered(page, "Is this question lost?")
    expect(page.locator(f"{pane(page, 2)} .met")).to_contain_text("cut off after 4 tokens")

    page.locator("#copy").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "promptune ask 'Is this question lost?' -c tiny/zero-shot -c tiny/cot -c 'tiny/zero-shot?t=0.7&max=4&seed=42'"

    page.reload()
    expect(page.locator(f"{pane(page, 2)} .phead h2")).to_contain_text("seed=42")
    page.get_by_role("button", name="Settings of C").click()
    expect(sheet.get_by_label("Seed")).to_have_value("42")
    sheet.get_by_label("Longest answer").fill("")  # as the other tests expect it
    page.keyboard.press("Escape")
    ask(page, "And without a limit?")
    answered(page, "And without a limit?")


def test_a_pane_names_what_answered_until_the_next_question(open_page: Open) -> None:
    """An answer under the name of other settings would be a wrong result."""
    page = open_page()
    ask(page, "Who says this?")
    answered(page, "Who says this?")
    head = page.locator(f"{pane(page, 1)} .phead")
    page.get_by_role("button", name="Settings of B").click()
    sheet = page.get_by_role("dialog", name="Settings of B")
    sheet.get_by_label("Temperature").fill("0.9")
    expect(head.locator(".next")).to_contain_text("tiny / cot t=0.9")
    expect(head.locator("h2")).not_to_contain_text("t=0.9")
    page.keyboard.press("Escape")
    ask(page, "And this?")
    answered(page, "And this?")
    expect(head.locator("h2")).to_contain_text("t=0.9")
    expect(head.locator(".next")).to_have_count(0)
    page.get_by_role("button", name="Settings of B").click()
    sheet.get_by_label("Temperature").fill("")  # as the other tests expect it
    page.keyboard.press("Escape")
    ask(page, "And at last?")
    answered(page, "And at last?")


def test_settings_close_as_they_opened(open_page: Open) -> None:
    """The dots again, Esc, the Close button, and walking out with Tab: each is what somebody tries first."""
    page = open_page()
    button, sheet = page.get_by_role("button", name="Settings of A"), page.locator(f"{pane(page, 0)} .pop")
    for close in (
        button.click,
        lambda: page.keyboard.press("Escape"),
        sheet.get_by_role("button", name="Close").click,
        lambda: (sheet.get_by_role("button", name="Remove A").focus(), page.keyboard.press("Tab")),
    ):
        button.click()
        expect(sheet).to_be_visible()
        expect(button).to_have_attribute("aria-expanded", "true")
        close()
        expect(sheet).to_be_hidden()
        expect(button).to_have_attribute("aria-expanded", "false")


def test_the_question_box_stays_where_it_is_while_words_come(open_page: Open) -> None:
    """Whoever reaches for Stop must not miss it; and what was said is in sight."""
    page = open_page()
    ask(page, "Do the cranes rest? [delay=0.2]")
    expect(page.locator(f"{pane(page, 0)} .turn.live")).to_be_in_viewport()
    place = page.locator("#ask").bounding_box()
    answered(page, "Do the cranes rest?")
    assert page.locator("#ask").bounding_box() == place
    assert page.locator(f"{pane(page, 0)} .scroll").evaluate("log => log.clientHeight") > 100


def test_a_server_that_is_gone_is_said(open_page: Open) -> None:
    """Otherwise the chip would go on to say that all is well."""
    page = open_page(cut=True)
    chip = "getComputedStyle(document.getElementById('chip'), '::after').content.includes('not reachable')"
    page.route("**/alive", lambda route: route.fulfill(status=503))
    page.wait_for_function(chip)
    page.unroute("**/alive")
    page.wait_for_function(f"!{chip}")


def test_one_pane_that_fails_says_so_and_gives_the_question_back(open_page: Open) -> None:
    page = open_page()
    ask(page, "Out of memory, please [oom]")
    for i in range(3):
        expect(page.locator(f"{pane(page, i)} .fault")).to_contain_text("out of memory")
    expect(page.locator("#q textarea")).to_have_value("Out of memory, please [oom]")


def test_a_killed_device_process_costs_one_answer_and_no_page(open_page: Open) -> None:
    """Models crash and run out of memory; the page must outlive them and say what happened."""
    page = open_page()
    before = device_pid(page)
    ask(page, "Tell me of the storks [long][delay=0.1]")
    expect(page.locator(f"{pane(page, 0)} .turn.live")).to_contain_text("You asked")
    os.kill(before, signal.SIGKILL)
    for i in range(3):
        expect(page.locator(f"{pane(page, i)} .fault")).to_contain_text("SIGKILL")
    expect(page.locator(f"{pane(page, 0)} .scroll")).to_contain_text("You asked")
    expect(page.locator("#chip")).to_contain_text("ready")
    until(lambda: device_pid(page) not in (0, before), "no other device process came")
    expect(page.locator("#chip")).to_contain_text("ready")
    ask(page, "Are you well again?")
    answered(page, "Are you well again?")


def test_a_question_whose_page_was_left_is_kept_with_what_came(open_page: Open) -> None:
    """A reload in the middle ends the generation, and keeps the text so far like Stop does."""
    page = open_page(cut=True)
    ask(page, "Long story of the swifts [long][delay=0.1]")
    expect(page.locator(f"{pane(page, 0)} .turn.live")).to_contain_text("You asked: Long story")
    page.reload()
    library(page)
    row = page.locator("#shelf-talks label", has_text="Long story of the swifts")
    for _ in range(60):  # the server notices a closed tab by itself, some time later
        if row.count():
            break
        page.get_by_role("tab", name="Compare").click()
        library(page)
    row.click()
    expect(page.locator("#shelf-talks .beside")).to_contain_text("You asked: Long story")


def test_a_long_answer_stays_in_sight_while_it_grows(open_page: Open) -> None:
    """The newest words are what a reader waits for; the first ones can be scrolled to."""
    page = open_page()
    ask(page, "A long tale of geese [tokens=190]")
    answered(page, "A long tale of geese")
    log = page.locator(f"{pane(page, 0)} .scroll")
    assert log.evaluate("log => log.scrollHeight > log.clientHeight")
    assert log.evaluate("log => log.getBoundingClientRect().bottom - log.firstElementChild.getBoundingClientRect().bottom > -2")
    log.evaluate("log => log.scrollTo(0, -log.scrollHeight)")
    expect(log.locator(".you")).to_be_in_viewport()


def heads(page: Page) -> list[str]:
    return [head.inner_text().replace("\n", " ").split(": ", 1)[-1].strip() for head in page.locator(".phead h2:visible").all()]


def remove(page: Page, letter: str) -> None:
    page.get_by_role("button", name=f"Settings of {letter}").click()
    page.get_by_role("dialog", name=f"Settings of {letter}").get_by_role("button", name=f"Remove {letter}").click()


def test_a_chat_goes_on_and_an_earlier_question_is_changed(open_page: Open) -> None:
    """Every pane reads its own answers before the next question; what followed a changed one is asked anew."""
    page = open_page()
    for question in ("Do wrens sing?", "And in winter?", "And at night?"):
        ask(page, question)
        answered(page, question)
    said = page.locator(f"{pane(page, 1)} .turn")
    expect(said).to_have_count(6)
    page.locator(f"{pane(page, 1)} summary").first.click()
    expect(page.locator(f"{pane(page, 1)} .prompt")).to_contain_text("Do wrens sing? Let's think step by step.")  # B's own words, not A's
    expect(page.locator(f"{pane(page, 0)} .prompt")).not_to_contain_text("think step by step")

    edit = page.locator(f"{pane(page, 0)} .edit-turn").nth(1)
    edit.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#picked")).to_contain_text("Editing question 2: its answers and the question after it are replaced.")
    expect(page.locator("#q textarea")).to_have_value("And in winter?")
    page.keyboard.press("Escape")
    expect(page.locator("#q textarea")).to_have_value("")
    expect(page.locator("#picked p")).to_have_count(0)

    edit.click()
    expect(page.locator("#q textarea")).to_have_value("And in winter?")
    ask(page, "And in spring?")
    answered(page, "And in spring?")
    expect(said).to_have_count(4)
    page.reload()
    answered(page, "And in spring?")
    expect(said).to_have_count(4)
    page.locator("#fresh").click()
    expect(page.locator(".turn")).to_have_count(0)
    page.reload()
    expect(page.locator("#chip")).to_contain_text("ready")
    expect(page.locator("#fresh")).to_be_hidden()


def test_panes_come_and_go(open_page: Open) -> None:
    """From one to six; who is taken out takes its answers along, and the others keep theirs."""
    page = open_page()
    for i in range(3, 6):
        page.locator("#add-pane").click()
        expect(page.locator(f"{pane(page, i)} .phead h2")).to_be_visible()
    expect(page.locator("#add-pane")).to_be_disabled()
    expect(page.get_by_role("textbox", name="Question for all six")).to_be_visible()
    ask(page, "Are six too many?")
    answered(page, "Are six too many?", 6)
    before = heads(page)
    assert len(set(before)) == 6
    remove(page, "B")
    expect(page.locator(".phead h2:visible")).to_have_count(5)
    assert heads(page) == before[:1] + before[2:]
    expect(page.locator(f"{pane(page, 1)} .turn").last).not_to_contain_text("step by step")
    expect(page.locator("#oops")).to_contain_text("begins a new chat")
    for letter in "EDCB":
        remove(page, letter)
        expect(page.locator(f"{pane(page, 'ABCDEF'.index(letter))}")).to_be_hidden()
    expect(page.get_by_role("button", name="Remove A", include_hidden=True)).to_be_hidden()
    ask(page, "Alone now?")
    answered(page, "Alone now?", 1)
    expect(page.locator(".best-one:visible")).to_have_count(0)
    for i in (1, 2):
        page.locator("#add-pane").click()
        expect(page.locator(f"{pane(page, i)} .phead h2")).to_be_visible()
    ask(page, "Three again?")
    answered(page, "Three again?")
    assert heads(page) == ["tiny / zero-shot", "tiny / cot", "tiny / self-consistency:5"]


def test_one_pane_is_stopped_and_asked_again(open_page: Open) -> None:
    """The others go on: what they say is as good as before."""
    page = open_page()
    ask(page, "Stop one of the terns [long][delay=0.1]")
    expect(page.locator(f"{pane(page, 1)} .turn.live")).to_contain_text("You asked")
    page.get_by_role("button", name="Stop B").click()
    expect(page.locator(f"{pane(page, 1)} .scroll")).to_contain_text("Stopped.")
    expect(page.locator(".turn.live")).to_have_count(2)
    page.locator("#stop").click()
    expect(page.locator(".turn.live")).to_have_count(0)
    text = page.locator(f"{pane(page, 0)} .turn").last.inner_text()
    page.get_by_role("button", name="Ask B again").click()
    expect(page.locator(f"{pane(page, 1)} .turn.live")).to_contain_text("You asked")
    expect(page.locator(".turn.live")).to_have_count(1)
    page.locator("#stop").click()
    expect(page.locator(".turn.live")).to_have_count(0)
    assert page.locator(f"{pane(page, 0)} .turn").last.inner_text() == text


def test_a_blind_vote_is_blind(open_page: Open) -> None:
    """Whoever looks into the page before it finds no name in it, after a reload neither; the vote tells, and is kept."""
    page = open_page()
    before = heads(page)
    page.get_by_label("Blind").check()
    for question in ("Who am I?", "And who is this?"):
        ask(page, question)
        for i in range(3):
            page.locator(f"{pane(page, i)} .you").last.filter(has_text=question).wait_for()
        expect(page.locator(".best-one:visible")).to_have_count(3)
        expect(page.locator("#send")).to_be_enabled()
    page.reload()
    expect(page.locator(".best-one:visible")).to_have_count(3)
    for html in page.locator(".pane").evaluate_all("panes => panes.map(pane => pane.outerHTML)")[:3]:
        assert not re.search(r"tiny|zero-shot|\bcot\b|tok/s", html)
    expect(page.get_by_role("button", name="Settings of A")).to_be_hidden()
    expect(page.locator("#add-pane")).to_be_disabled()

    page.locator(f"{pane(page, 1)} .best-one").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"{pane(page, 1)} h2").first).to_contain_text("Best")
    expect(page.locator("#foot-say")).to_contain_text("You voted blind")
    assert sorted(name.removesuffix(" Best") for name in heads(page)) == sorted(before)
    expect(page.locator(f"{pane(page, 0)} .met")).to_contain_text("tok/s")
    for i, letter in enumerate("ABC"):
        name = page.locator(f"{pane(page, i)} .phead h2 [dir=auto]").inner_text().split()[2]
        page.get_by_role("button", name=f"Settings of {letter}").click()
        expect(page.get_by_role("dialog", name=f"Settings of {letter}").get_by_role("combobox", name="Strategy")).to_have_value(name)
        page.keyboard.press("Escape")
    page.reload()
    expect(page.locator(f"{pane(page, 1)} h2").first).to_contain_text("Best")


def test_how_sure_an_answer_was_is_asked_for_and_put_away(open_page: Open) -> None:
    page = open_page()
    ask(page, "How sure are you?")
    answered(page, "How sure are you?")
    look = page.locator(f"{pane(page, 0)} .look-one")
    look.click()
    expect(page.locator(f"{pane(page, 0)} .tokens")).to_contain_text("asked:")
    look.click()
    expect(page.locator(f"{pane(page, 0)} .tokens")).to_have_count(0)


def test_a_link_opens_what_was_shared_and_asks_nothing(open_page: Open) -> None:
    """It fills panes, task and box in somebody else's browser; whatever is wrong with it is told, and a reload does not follow it again."""
    page = open_page()
    page.fill("#q textarea", "Do swifts sleep? ½ & more")
    page.locator("#share").click()
    expect(page.locator("#foot-say")).to_contain_text("The link is copied")
    link = page.evaluate("navigator.clipboard.readText()")
    second = open_page(query=link[link.index("?") :] + "&c=nobody%2Fcot&c=broken&task=no-such-task")
    expect(second.locator("#q textarea")).to_have_value("Do swifts sleep? ½ & more")
    for said in ("From a link. Press Send to ask.", "broken", "no-such-task"):
        expect(second.locator("#oops")).to_contain_text(said)
    assert heads(second) == [*heads(page), "nobody / cot"]
    expect(second.locator(".turn")).to_have_count(0)
    second.locator("#send").click()
    answered(second, "Do swifts sleep? ½ & more")
    expect(second.locator(f"{pane(second, 3)} .fault")).to_contain_text("nobody")  # its model is missing: the others answer
    second.reload()
    answered(second, "Do swifts sleep? ½ & more")
    third = open_page(query="")  # without a link: the newest talk
    answered(third, "Do swifts sleep? ½ & more")
