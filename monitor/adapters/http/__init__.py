"""http: requests out, answers in, over HTTP/1.1, for polls and deliveries alike. `client` is the door.

    request      a URL and headers to the bytes of a request
    dial         a Route to a Connection: `names`, the address guard, a proxy's tunnel, TLS
    stream       bytes over a socket that never blocks
    answer       the bytes of an answer to its Head and the pieces of its body, every part of it bounded
    connection   one request and its answer at a time over a stream
    client       what is kept open between two requests, and what is asked again
    fault        an exception of any of these to words

Nothing is taken from the environment: no proxy, no netrc. There are no cookies, and redirects are the business of whoever asks. Why
there is a client of our own stands in docs/decisions/0007-an-http-client-of-our-own.md.
"""
