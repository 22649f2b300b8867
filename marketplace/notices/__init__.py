"""Public notices (公示): what is posted in a village for a number of days, and the objections that people raise.

A notice shows lines by group: a masked name, the last digits of a household's number, an amount. The lines are frozen:
what was posted is what was approved. Nothing is paid from a list before its notice has run and its objections are
decided (RULES.md, Linkage and income: lists are posted by village and 组, names masked, default 7 days).

Tables: notice (one per subject and village), objection.
Verbs: post (called by the room whose list it is), object (anybody, or a village officer for somebody), answer (the
supplier), decide (the township's office), settle (what was upheld has been put right); `standing_of` tells which lists
and households must wait.

What the database keeps: one notice per subject and village; an objection's states and who decided it; the contact of
who objects is sealed.
"""
