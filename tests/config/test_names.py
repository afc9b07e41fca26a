import pytest

from monitor.config.names import check_contact, check_private, check_slug, check_url, is_loopback, read_listen
from monitor.model.settings import Listen

GOOD_URLS = [
    "https://one.example/rss",
    "http://one.example:80/",
    "https://one.example:443/",
    "https://one.example:1024/?a=b&c=%20#x",
    "http://127.0.0.1:8080/feed",
    "http://[::1]:8080/feed",
    "https://новини.example/стрічка",
    "HTTPS://one.example",
    "https://one.example/" + "a" * 2063,
]
BAD_URLS = {
    "": "begins with",
    "one.example/rss": "begins with",
    "//one.example/rss": "begins with",
    "ftp://one.example/": "begins with",
    "file:///etc/passwd": "begins with",
    "javascript:alert(1)": "begins with",
    "https:///rss": "without a host",
    "https://:8080/": "without a host",
    "https://user@one.example/": "user name or password",
    "https://user:pass@one.example/": "user name or password",
    "http://evil.example\\@127.0.0.1/": "backslash",
    "https://one.example/a b": "white space",
    "https://one.example/\r\nX: 1": "control character",
    "https://one\t.example/": "control character",
    "https://one.example/\x7f": "control character",
    "https://one.example/\u2028": "control character",
    " https://one.example/": "white space",
    "https://one.example:0/": "not for HTTP",
    "https://one.example:25/": "not for HTTP",
    "https://one.example:1023/": "not for HTTP",
    "https://one.example:65536/": "cannot be read",
    "https://one.example:x/": "cannot be read",
    "https://[::1/": "cannot be read",
    "https://one.example\uff0f@two.example/": "cannot be read|user name",
    "https://one.example/" + "a" * 2064: "longer than 2083",
}


@pytest.mark.parametrize("url", GOOD_URLS)
def test_url(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize("url", BAD_URLS, ids=repr)
def test_url_refused(url: str) -> None:
    with pytest.raises(ValueError, match=BAD_URLS[url]):
        check_url(url)


CONTACTS = [
    "",
    "https://desk.example/bot?lang=uk#who",
    "http://desk.example:8080/",
    "desk@news.example",
    "news.desk+newsmon@news.example.org",
]
BAD_CONTACTS = {
    "the desk": "or a mail address such as",
    "desk.example/bot": "or a mail address such as",
    "mailto:desk@news.example": "or a mail address such as",
    "desk@": "or a mail address such as",
    "desk@news example": "or a mail address such as",
    "desk@news.example\r\nX-Evil: 1": "or a mail address such as",
    "desk@news.example)": "or a mail address such as",
    "a(b)@news.example": "or a mail address such as",
    "https://desk.example/a(b": "without blanks, brackets",
    "https://desk.example/a)b": "without blanks, brackets",
    "https://desk.example/\\": "without blanks, brackets",
    "https://desk.example/\r\nX-Evil: 1": "without blanks, brackets",
    "https://desk.example/${KEY}": "without blanks, brackets",
    "https://новини.example/": "without blanks, brackets",
    "https://desk.example/" + "a" * 300: "at most 300",
    "https://user:key@desk.example/": "user name or password",
    "https://": "without a host",
}


@pytest.mark.parametrize("text", CONTACTS)
def test_contact(text: str) -> None:
    assert check_contact(text) == text


@pytest.mark.parametrize("text", BAD_CONTACTS, ids=repr)
def test_contact_refused(text: str) -> None:
    with pytest.raises(ValueError, match=BAD_CONTACTS[text]):
        check_contact(text)


PRIVATE = {
    "192.168.1.0/24": "192.168.1.0/24",
    "192.168.1.5": "192.168.1.5/32",
    "fd00::/8": "fd00::/8",
    "::1": "::1/128",
    "localhost": "localhost",
    "RSSHub.internal.": "rsshub.internal",
    "chat_1": "chat_1",
}


@pytest.mark.parametrize("text", PRIVATE)
def test_private(text: str) -> None:
    assert check_private(text) == PRIVATE[text]


@pytest.mark.parametrize(
    "text", ["", "*", "http://a", "a/b", "a:80", "10.0.0", "300.0.0.1", "10.0.0.1/33", "-a", "a..b", "a" * 64]
)
def test_private_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a network"):
        check_private(text)


LISTENS = {
    "127.0.0.1:8787": (Listen(host="127.0.0.1", port=8787), True),
    "127.8.8.8:0": (Listen(host="127.8.8.8", port=0), True),
    "localhost:1": (Listen(host="localhost", port=1), True),
    "[::1]:65535": (Listen(host="::1", port=65535), True),
    "0.0.0.0:80": (Listen(host="0.0.0.0", port=80), False),
    "[::]:80": (Listen(host="::", port=80), False),
    "localhost.example:80": (Listen(host="localhost.example", port=80), False),
}


@pytest.mark.parametrize("text", LISTENS)
def test_listen(text: str) -> None:
    listen = read_listen(text)
    assert (listen, is_loopback(listen)) == LISTENS[text]


@pytest.mark.parametrize(
    "text", ["", ":80", "a", "a:", "a:x", "a:-1", "a:65536", "::1:80", "[a]:80", "[::1]", "a b:80", "a:٨٠"]
)
def test_listen_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected host:port"):
        read_listen(text)


@pytest.mark.parametrize("text", ["", "A", "a b", "é", "a.b", "a\n", "a" * 65])
def test_slug_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected an id"):
        check_slug(text)
