"""A page that a vendor hosts itself, at an origin of its own: it posts a machine's request for a
trial to the Web API and saves the response (CORS)."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from portal_licensing import LicenseClient, Product, Status
from tests.e2e.conftest import Visitor
from tests.served import Portal

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]

PAGE = """<!doctype html><html lang="en"><title>Try Orbit</title>
<form><label>Request <textarea></textarea></label><button>Save the response</button></form>
<p role="status"></p>
<script>
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = document.querySelector("[role=status]");
  try {
    const answer = await fetch("%(api)s", {
      method: "POST",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify({
        offlineRequest: document.querySelector("textarea").value,
        productId: "%(product)s",
        responseValidity: 3600,
      }),
    });
    const said = await answer.json();
    if (!answer.ok) { told.textContent = said.message; return; }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([said.offlineResponse], {type: "text/plain"}));
    link.download = "offline_trial_response.dat";
    link.click();
    told.textContent = "Saved.";
  } catch (error) {
    told.textContent = `Blocked: ${error}`;
  }
});
</script></html>"""
TRIED = """
from tenancy.door import inside
from tenancy.table import every_vendor
from licenses.models import Product, TrialPolicy
[vendor] = [each for each in every_vendor() if each.company_id == "acme"]
with inside(vendor):
    policy = TrialPolicy.objects.create(vendor=vendor, name="A page of its own", trial_length=86400)
    Product.objects.filter(name="Orbit").update(trial_policy=policy)
"""


def page_of(portal: Portal, product_id: str) -> str:
    api = portal.url("api", "/v3/trial-activations/offline-activate")
    return PAGE % {"api": api, "product": product_id}


@pytest.fixture
def program(portal: Portal, tmp_path: Path) -> LicenseClient:
    (tmp_path / "product.json").write_text(portal.manage("product_file", "acme", "Orbit"))
    product = Product.load(tmp_path / "product.json")
    return LicenseClient(product, tmp_path / "data", fingerprint="p" * 64)


@pytest.fixture
def origin(portal: Portal, program: LicenseClient) -> Iterator[str]:
    """Where the vendor's own page is, which is none of the portal's addresses."""
    content = page_of(portal, program.product.id).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_of_the_vendors_own_gets_a_trials_response(
    portal: Portal,
    origin: str,
    program: LicenseClient,
    visitor: Callable[..., Visitor],
    tmp_path: Path,
) -> None:
    portal.manage("shell", "-v", "0", "-c", TRIED)
    page = visitor(accept_downloads=True).page
    page.goto(origin)
    page.get_by_label("Request").fill(program.request_trial())
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the response").click()
    assert download.value.suggested_filename == "offline_trial_response.dat"
    download.value.save_as(tmp_path / "response.dat")
    check = program.install((tmp_path / "response.dat").read_bytes())
    assert (check.status, check.claims["type"]) == (Status.VALID, "trial")
    page.get_by_label("Request").fill("not.a.request")
    page.get_by_role("button", name="Save the response").click()
    expect(page.get_by_role("status")).to_contain_text("This is not a complete, unchanged request")


def test_a_page_of_another_origin_reads_nothing_else(
    portal: Portal, origin: str, visitor: Callable[..., Visitor]
) -> None:
    page = visitor().page
    page.goto(origin)
    reads = "(url) => fetch(url).then(() => 'read', (error) => error.name)"
    for path in ("/v3/products", "/v3/me", "/v3/openapi.json"):
        assert page.evaluate(reads, portal.url("api", path)) == "TypeError"
