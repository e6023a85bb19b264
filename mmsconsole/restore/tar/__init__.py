"""A tar archive of data files that never lies anywhere: only the ranges that are asked for.

layout.py         where everything lies in it: pure
archive.py        any range of its bytes, or all of it compressed
folder_files.py   files of a folder, read in ranges; those of a snapshot: stores/blocks/streaming.py
"""
