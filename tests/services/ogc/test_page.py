"""Documents as web pages, read again by an HTML parser."""

from html.parser import HTMLParser

from tileserver.services.ogc.page import page

BASE = "https://maps.example/a"


class Read(HTMLParser):
    """Names of elements, addresses by the texts of links, and all texts."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self._href = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self._href = dict(attrs).get("href") or "" if tag == "a" else ""

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._href:
            self.links.append((data, self._href))
            self._href = ""


def link(rel: str, name: str, encoding: str) -> dict[str, str]:
    media_type = {"HTML": "text/html", "JSON": "application/json"}[encoding]
    href = f"{BASE}/{name}?f={encoding.lower()}"
    return {"rel": rel, "type": media_type, "title": f"{name} as {encoding}", "href": href}


def test_texts_are_no_markup() -> None:
    """Whatever a catalogue says, also as an address."""
    odd = "</title><script>alert(1)</script>&\x01"
    shown = Read(
        page(
            odd,
            {
                odd: [odd, {"title": odd, "value": odd}],
                "links": [{"rel": odd, "title": odd, "href": f"javascript:{odd}"}],
            },
            BASE,
        )
    )
    assert "script" not in shown.elements
    assert "<script>alert(1)</script>" in "".join(shown.texts)
    assert [href for _, href in shown.links] == [f"{BASE}/ogc?f=html"]


def test_document_is_linked_once() -> None:
    """In one line, whatever its encodings and relations; to itself it has no link."""
    document = {
        "links": [
            link("self", "Here", "HTML"),
            link("alternate", "Here", "JSON"),
            *(link(rel, "There", encoding) for rel in ("a", "b") for encoding in ("JSON", "HTML")),
        ]
    }
    assert Read(page("Here as HTML", document, BASE)).links[1:] == [
        ("Here as JSON", f"{BASE}/Here?f=json"),
        ("There", f"{BASE}/There?f=html"),
        ("JSON", f"{BASE}/There?f=json"),
    ]


def test_documents_in_a_list_are_headed_by_a_link() -> None:
    """To the page of their own."""
    found = {"title": "One", "links": [link("self", "one", "JSON"), link("item", "one", "HTML")]}
    shown = Read(page("All", {"found": [found]}, BASE))
    assert ("One", f"{BASE}/one?f=html") in shown.links
    assert "h2" in shown.elements


def test_things_of_a_kind_are_a_table() -> None:
    """One row each; numbers without more digits than they have."""
    shown = Read(page("T", {"rows": [{"id": "a", "at": [-180.0]}, {"id": "b", "at": [0.1]}]}, BASE))
    assert shown.elements.count("tr") == 3
    assert {"id", "at", "a", "-180", "b", "0.1"} <= set(shown.texts)


def test_heading_is_no_encoding() -> None:
    """A page is called what it shows."""
    assert b"<h1>Collections</h1>" in page("Collections as HTML", {}, BASE)


def test_nesting_ends() -> None:
    """Depth is bounded, whatever a document holds."""
    deep: dict[str, object] = {}
    for _ in range(500):
        deep = {"in": deep}
    assert len(page("Deep", deep, BASE)) < 10_000
