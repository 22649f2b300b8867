"""The demo: a year of an invented Zhuzhou, made through the services from a fixed seed.

`goods` what grows there and is sold; `people` who there is; `year` what they do, day by day; `load` runs it.
Every person's given name begins with 例 ("example"), so that nobody can be mistaken for a real one.
"""
