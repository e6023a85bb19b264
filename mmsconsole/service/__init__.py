"""The front end: downloads, health and metrics by HTTPS, in a thread of the engine's process.

service.py        the thread and its event loop; listening, and trying again
listening.py      connections: how many, from where, and slow ones
application.py    the routes, and what every answer has
downloads.py      a link's archive, and the sha256 beside it
sending.py        an archive's bytes to a client, the last of them counted
ranges.py         which bytes a request asks for: pure
misses.py         who tried wrong links, and how long that one waits: pure
checksums.py      sha256 of archives, computed in the background
figures.py        what /health and /metrics tell: pure
certificates.py   the engine's own CA, and the server's certificate
tls.py            the certificate in use, own or given
redacting.py      no token gets into a log
"""
