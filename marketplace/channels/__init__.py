"""Sales channels (三专一平台): pavilion 专馆, zone 专区, counter 专柜, online 平台, and direct group purchase.

Table: channel. An order names the channel that it came through; the report counts by it.
"""
