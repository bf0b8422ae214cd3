"""Plain frozen values that travel between the stages; standard library only.

Everything a stage needs is imported from the module that names it (`bounce_watch.records.ids`, ...).
"""
