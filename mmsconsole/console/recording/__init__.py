"""What the console was shown, kept in a file, and shown again.

A recording is one more source of the same panes: `Recorder` stands between the console and the
operations and writes down every answer that differs from the one before; `Replay` answers the same
questions from the file, by a clock of its own.

questions.py   which questions there are, and how their answers become JSON: pure
writing.py     the file: JSON lines in one zstd stream, flushed after each answer
loading.py     the file read again, also one that was cut off
recorder.py    operations that write down what they answer
replay.py      operations and a clock made of a recording
"""
