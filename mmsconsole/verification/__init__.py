"""Verifications: a snapshot, or a moment of the window, restored for real and compared.

verifying.py   one verification, from its files to its verdict
examining.py   what a mongod on the restored files says of them
comparing.py   what is restored, beside what the head held (pure)
verdicts.py    which errors say something of the backup (pure)
moments.py     which moments can be verified, and from which snapshot (pure)
choosing.py    the same of a deployment's records
due.py         what is to be verified now, and which witnesses are of no use any more (pure)
warning.py     what people are warned of (pure)
standing.py    what of that, and of the verdicts, is shown of a deployment
folder.py      the throw-away folder
"""
