class Shortage(Exception):
    def __init__(self, wanted, have):
        super().__init__(f"wanted {wanted}, have {have}")

raise Shortage(3, 1)  # error: Shortage: wanted 3, have 1
