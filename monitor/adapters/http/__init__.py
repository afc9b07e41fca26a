"""http: requests out, answers in, over HTTP/1.1, for polls and deliveries alike. `client` is the door.

    request   a URL and headers to the bytes of a request
    dial      a Route to a Connection: `names`, the address guard, a proxy's tunnel, TLS
    connection   one request and its answer at a time over TCP or TLS
    answer    the bytes of an answer to its Head and the pieces of its body, every part of it bounded
    client    what is kept open between two requests, and what is asked again
    fault     an exception of any of these to words

A poll costs little here because nothing stands between these rooms and the event loop: see
docs/decisions/0007-an-http-client-of-our-own.md. Nothing is taken from the environment: no proxy, no netrc; there are no cookies,
and redirects are whose business it is that asks.
"""
