"""Pages by audience: `public`, `buyer`, `supplier`, `office`, `account`. docs/pages.md tells how to build one.

`kit` filters and what every page knows; `navigation` the menus; `states` the badges; `tables` sort and pages; `charts`
geometry of drawings; `showcase` a page with every part, in demo mode.
"""
