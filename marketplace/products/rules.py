"""Words of the room: base units, and the papers that batches carry (RULES.md, Eligibility and papers)."""

BASE_UNITS = ("千克", "升", "枚", "只")
PAPERS = ("conformity", "quarantine", "meat_inspection", "sc_licence", "test_report")
