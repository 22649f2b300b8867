"""Backups: a folder with the database as of one moment, every evidence file, and a manifest of their hashes.

    manifest.json         written last: a folder without one, or one whose hashes do not hold, is no backup
    database.sqlite       SQLite's online backup: consistent while others write
    database/<table>.gz   PostgreSQL: COPY of every table inside one REPEATABLE READ transaction
    files/<ab>/<sha256>   evidence, by the hash that is its name

`folder` writes and checks the folder, `sqlite` and `postgresql` copy the database out and in, `restoring` puts a backup
into an empty place and proves it. The keys (of personal data, of the ledger's signatures, of the session) are **not** in
a backup: whoever finds one reads no ID number. Keep them apart, and keep them: without them sealed columns stay sealed.
"""
