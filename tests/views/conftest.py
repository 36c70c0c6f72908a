"""What the tests of the views share: the server with the host page, the browser, and the page a test looks at."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.shared_material import go_without
from tests.views.browser import WAIT_MS, Host
from tests.views.stage import Stage, running

T = TypeVar("T")
HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-site-isolation-trials",
)
"""Nothing is asked of the network, the browser may run as root in a machine for tests, and frames share a process."""

_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="browser")


@pytest.fixture(scope="session")
def host_script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the script of the host page in one piece."""
    if not PACKAGES.is_dir() or shutil.which("node") is None:
        go_without("the official host of views is not installed; `make views` does it (needs node and npm)")
    target = tmp_path_factory.mktemp("host") / "host.js"
    bundler = [str(PACKAGES / ".bin" / "esbuild"), "host.js", "--bundle", "--minify", "--format=esm"]
    subprocess.run([*bundler, f"--outfile={target}", "--log-level=warning"], cwd=HERE, check=True)
    return target.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def stage(host_script: str) -> Iterator[Stage]:
    """Serve FlowMaster and the host page for all tests; each test makes processes of its own."""
    with running(host_script) as stage:
        yield stage


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run one browser for all tests."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        go_without("there is no Chromium; install one to test the views")
    playwright = beside(sync_playwright().start)
    browser = beside(lambda: playwright.chromium.launch(executable_path=found, args=list(OPTIONS)))
    yield browser
    beside(browser.close)
    beside(playwright.stop)


@pytest.fixture(scope="session")
def host_page(stage: Stage, browser: Browser) -> Iterator[Host]:
    """Open the host page once: it shows one view after the other."""
    context = beside(lambda: browser.new_context(locale="en-GB", timezone_id="UTC"))
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    yield beside(lambda: Host(stage, context.new_page()))
    beside(context.close)


@pytest.fixture
def host(host_page: Host) -> Iterator[Host]:
    """Give the host to a test; at the end nothing may have gone wrong in it that the test did not expect."""
    beside(host_page.begin)
    yield host_page
    assert host_page.complaints == []


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Run each test of this folder where the browser is driven from."""
    arguments = {name: pyfuncitem.funcargs[name] for name in signature(pyfuncitem.obj).parameters}
    beside(lambda: pyfuncitem.obj(**arguments))
    return True


def beside(work: Callable[[], T]) -> T:
    """Do something in the thread that drives the browser, and return what it gives.

    The browser's library leaves an event loop running in its thread; the tests of other folders want their own.
    """
    return _THREAD.submit(work).result()
