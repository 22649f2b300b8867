"""What every room stands on: database, clock, numbers, errors, actor, audit, outbox, files.

A closed list, not a drawer: a new module here needs two rooms that use it and a line in this docstring.
`actor` who acts and how far; `audit` the append-only trail; `clock` the one clock; `db` session, types, guards;
`errors` typed refusals; `fields` what bodies and forms carry; `files` evidence on disk; `money` fen and basis points;
`numbers` readable numbers; `outbox` what must follow a commit; `quantity` thousandths and units; `sheets` rows as
CSV and XLSX, a workbook read by `sheet_reader` in a process of its own; `states` tables of allowed transitions.
"""
