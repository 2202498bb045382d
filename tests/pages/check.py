#!/usr/bin/env python3
"""Looks at pages of flowcheck in a browser: check.py HOSTILE TIMEOUTS COMPARED EMPTY MERGED CHINESE (tests/pages.rs makes them).

Every page has to render in both colour schemes, on wide and narrow screens and on paper, without an error and without asking
for anything beside itself; tables sort and filter; what is hostile stays text."""

import sys

from browser import Browser, find

PROBLEMS = []


def expect(holds, what):
    if not holds:
        PROBLEMS.append(what)


def troubles(browser, path):
    """What the browser complained of, and what was asked for beside the page."""
    found = []
    for event in browser.events:
        method, params = event["method"], event["params"]
        if method == "Runtime.exceptionThrown":
            found.append(f"exception: {params['exceptionDetails'].get('text')}")
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            found.append(f"log: {params['entry']['text']}")
        elif method == "Runtime.consoleAPICalled":
            found.append(f"console: {params['type']}")
        elif method == "Network.requestWillBeSent" and not params["request"]["url"].endswith(path):
            found.append(f"request: {params['request']['url']}")
    return found


def renders(browser, path):
    backgrounds = set()
    for width in (1400, 400):
        for dark in (False, True):
            browser.open(path, width=width, dark=dark)
            name = f"{path} at {width}{' dark' if dark else ''}"
            expect(browser.eval("document.documentElement.dataset.ready") == "yes", f"{name}: the script ended")
            expect(browser.eval("document.documentElement.scrollWidth") <= width, f"{name}: wider than the screen")
            expect(browser.eval("document.querySelectorAll('h1').length") == 1, f"{name}: one heading")
            backgrounds.add(browser.eval("getComputedStyle(document.body).backgroundColor"))
            found = troubles(browser, path)
            expect(not found, f"{name}: {found}")
    expect(len(backgrounds) == 2, f"{path}: light and dark differ: {backgrounds}")
    browser.open(path, media="print")
    expect(browser.eval("getComputedStyle(document.querySelector('nav')).display") == "none", f"{path}: no links on paper")
    expect(browser.pdf().startswith(b"%PDF"), f"{path}: prints")


def column(browser, table, place, most=50):
    rows = f"Array.from(document.querySelectorAll('{table} tbody tr:not([hidden])')).slice(0, {most})"
    return browser.eval(f"{rows}.map(row => row.cells[{place}].textContent.trim())")


def click(browser, table, name):
    browser.eval(
        f"Array.from(document.querySelectorAll('{table} thead button'))"
        f".find(button => button.textContent === '{name}').click()"
    )


def fill(browser, table, text):
    """Types into a table's filter, and waits until it has acted."""
    browser.eval(
        f"(() => {{ const field = document.querySelector('{table} input'); field.value = {text!r};"
        " field.dispatchEvent(new Event('input')); })()"
    )
    browser.eval("new Promise(done => setTimeout(done, 400))")


def pointed_at(browser):
    """What is said of the middle of the timeline under the pointer."""
    browser.eval(
        "(() => { const box = document.querySelector('.timeline'); const frame = box.querySelector('svg').getBoundingClientRect();"
        " box.dispatchEvent(new PointerEvent('pointermove', { clientX: frame.left + frame.width / 2, clientY: frame.top + 5, bubbles: true })); })()"
    )
    return browser.eval("document.querySelector('.readout').textContent")


def speaks_chinese(browser, path):
    """What the script says by itself."""
    browser.open(path)
    found = lambda: browser.eval("document.querySelector('#connection-list .found').textContent")
    expect(found().startswith("第 1 到 50 条，共 "), f"{path}: rows: {found()!r}")
    fill(browser, "#connection-list", "no such thing")
    expect(found().endswith(" 中无匹配"), f"{path}: no row: {found()!r}")
    told = pointed_at(browser)
    expect("握手/秒" in told and "复用率" in told and "reused" not in told, f"{path}: the timeline tells: {told!r}")
    expect(not troubles(browser, path), f"{path}: {troubles(browser, path)}")


def sorts_and_filters(browser, path):
    browser.open(path)
    table = "#connection-list"
    numbers = lambda: [int(text.replace(",", "")) for text in column(browser, table, 6)]
    click(browser, table, "requests")
    expect(numbers() == sorted(numbers(), reverse=True) and len(set(numbers())) > 1, f"{path}: most requests first: {numbers()}")
    click(browser, table, "requests")
    expect(numbers() == sorted(numbers()), f"{path}: fewest requests first: {numbers()}")
    click(browser, table, "server")
    servers = column(browser, table, 2)
    expect(servers == sorted(servers), f"{path}: servers in order: {servers}")
    all_rows = browser.eval(f"document.querySelector('{table} .found').textContent")
    browser.eval(f"document.querySelector('{table} [data-step=\"1\"]').click()")
    later = browser.eval(f"document.querySelector('{table} .found').textContent")
    expect(all_rows.startswith("1 to 50 of ") and later.startswith("51 to "), f"{path}: a page on: {all_rows!r}, {later!r}")
    fill(browser, table, "10.77.0.12:8080 p4")
    servers, causes = column(browser, table, 2), column(browser, table, 11)
    expect(set(servers) == {"10.77.0.12:8080"} and set(causes) == {"P4"}, f"{path}: filtered: {servers} {causes}")
    fill(browser, table, "no such thing")
    expect(column(browser, table, 0) == [], f"{path}: nothing fits")
    legs = "#legs .sortable"
    click(browser, legs, "leg")
    up = column(browser, legs, 1)
    click(browser, legs, "leg")
    down = column(browser, legs, 1)
    expect(up == sorted(up) and down == up[::-1] and len(up) > 1, f"{path}: legs in either order: {up} {down}")
    told = pointed_at(browser)
    expect("handshakes/s" in told and "reused" in told, f"{path}: the timeline tells: {told!r}")
    expect(not troubles(browser, path), f"{path}: {troubles(browser, path)}")


def stays_text(browser, path):
    browser.open(path)
    text = browser.eval("document.body.textContent")
    for shown in ("<svg", "<img", "<script>hit()"):
        expect(shown in text, f"{path}: {shown} is shown as text")
    expect(browser.eval("document.querySelectorAll('img, iframe, object, embed, b').length") == 0, f"{path}: no foreign element")
    running = "Array.from(document.scripts).filter(script => script.type === '').length"
    expect(browser.eval(running) == 1, f"{path}: one script")
    expect(browser.eval("typeof hit") == "undefined", f"{path}: nothing was defined")
    expect("verysecret" not in browser.eval("document.documentElement.outerHTML"), f"{path}: no secrets")
    expect(not troubles(browser, path), f"{path}: {troubles(browser, path)}")


def is_locked(browser, path):
    """What slipped through could still not run or ask for anything: the policy is in force."""
    browser.open(path)
    blocked = (
        "new Promise(done => { const all = []; setTimeout(() => done(all.sort()), 700);"
        " document.addEventListener('securitypolicyviolation', event => all.push(event.effectiveDirective));"
        " const script = document.createElement('script'); script.textContent = 'window.acted = 1'; document.body.append(script);"
        " document.body.insertAdjacentHTML('beforeend', '<p id=probe style=\"color:red\" onclick=\"window.acted = 2\">x</p>');"
        " document.getElementById('probe').click();"
        " new Image().src = 'http://127.0.0.1:9/'; fetch('http://127.0.0.1:9/').catch(() => 0); })"
    )
    kinds = set(browser.eval(blocked))
    wanted = {"img-src", "connect-src", "script-src-elem", "script-src-attr", "style-src-attr"}
    expect(wanted <= kinds, f"{path}: blocked {kinds}, not {wanted - kinds}")
    expect(browser.eval("typeof acted") == "undefined", f"{path}: nothing acted")


def main():
    hostile, timeouts, compared, empty, merged, chinese = sys.argv[1:]
    with Browser(find()) as browser:
        for path in (hostile, timeouts, compared, empty, merged, chinese):
            renders(browser, path)
        sorts_and_filters(browser, timeouts)
        speaks_chinese(browser, chinese)
        stays_text(browser, hostile)
        is_locked(browser, hostile)
        browser.open(compared)
        expect(browser.eval("document.querySelectorAll('#timeline .timeline').length") == 2, f"{compared}: two timelines")
        browser.open(merged)
        points = "#points .sortable"
        click(browser, points, "requests")
        expect(column(browser, points, 0) == ["node1", "node2", "node4"], f"{merged}: by requests: {column(browser, points, 0)}")
        expect(browser.eval("document.querySelectorAll('#unlike li').length") > 0, f"{merged}: one is unlike its peers")
    for problem in PROBLEMS:
        print(problem)
    print(f"pages: {len(PROBLEMS)} problems")
    sys.exit(1 if PROBLEMS else 0)


if __name__ == "__main__":
    main()
