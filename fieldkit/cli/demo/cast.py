"""The cast: who works in the story, and in which area."""

from dataclasses import dataclass
from typing import Final

PIN: Final = "240655"
DISTRICT: Final = "9011"
TAMBON: Final = "901102"
OTHER_TAMBON: Final = "901103"
SHARED_VILLAGE: Final = "90110203"
VILLAGES: Final = (
    *("90110201", "90110202", SHARED_VILLAGE, "90110204"),
    *("90110301", "90110302", "90110303", "90110304"),
)
"""The villages that are surveyed: four of Khuan Lang, four of Khu Tao."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody with a laptop.

    Attributes:
        key: a short name, of their folder too.
        name: as people call them.
        role: of the roster.
        area: what they may see: a prefix of area codes.
        surveys: prefixes of the villages where they survey; none for who does not.
    """

    key: str
    name: str
    role: str
    area: str
    surveys: tuple[str, ...] = ()

    def surveys_in(self, village: str) -> bool:
        """Return whether they survey there."""
        return village.startswith(self.surveys) if self.surveys else False


SOMYING: Final = Member(
    key="somying", name="สมหญิง", role="volunteer", area=TAMBON,
    surveys=("90110201", "90110202", "90110204"),
)  # fmt: skip
HASAN: Final = Member(
    key="hasan", name="ฮาซัน", role="volunteer", area=SHARED_VILLAGE,
    surveys=(SHARED_VILLAGE,),
)  # fmt: skip
ARI: Final = Member(
    key="ari", name="อารี", role="volunteer", area=OTHER_TAMBON, surveys=(OTHER_TAMBON,)
)
WILAI: Final = Member(key="wilai", name="วิไล", role="officer", area=DISTRICT)
NONGYAO: Final = Member(key="nongyao", name="นงเยาว์", role="coordinator", area="90")
CAST: Final = (SOMYING, HASAN, ARI, WILAI, NONGYAO)
"""Hasan's village lies in the area of Somying: both may change who lives there."""
