"""Telling people: from a queued notification to a mail, a web hook, a pager or a command.

channel.py       Message, and what every channel can do
rendering.py     the words of a message, in text and HTML: pure (quantities.py: values with units)
documents.py     a message as JSON, for web hooks, Slack and PagerDuty: pure
email.py         mails (smtp.py: one over SMTP)
webhook.py       signed JSON, Slack-compatible hooks, PagerDuty events
http.py          one bounded request to checked addresses (addresses.py: which those are, pure)
command.py       a program of the administrator's (contained.py: what ends it)
deadline.py      an end for a whole conversation
secret_files.py  secrets of the settings
building.py      channels from the settings
queue.py         what is due, how often it is tried: pure
sending.py       the queue's consumer: a thread for each channel
trying.py        a test message, at once
"""
