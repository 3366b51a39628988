"""The story: a province is founded, five people work, two disagree, all agree again."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from fieldkit.cli.demo.acting import Acting
from fieldkit.cli.demo.cast import ARI, CAST, HASAN, NONGYAO, SOMYING, WILAI, Member
from fieldkit.cli.demo.invention import (
    GROUPS,
    Invention,
    group_labels,
    write_villages,
)
from fieldkit.cli.demo.stage import Stage

CHAPTERS: Final = 9
CENTRE: Final = "ศูนย์ประสานงานจังหวัดสงขลา"
REASON: Final = "โทรถามเจ้าตัวและดูบัตรประชาชนแล้ว"
_ENROLLING: Final = ("กำลังลงทะเบียน", "enrolling")
_SYNCING: Final = ("กำลังซิงก์", "syncing")
_LOOKING: Final = ("กำลังตรวจดู", "looking")
SCOPES: Final = sorted({member.area for member in CAST})
_DIGITS: Final = 16


class Story(Acting):
    """One telling of the story in one folder."""

    def __init__(self, home: Path, count: int, stage: Stage) -> None:
        super().__init__(home, stage)
        self.invention = Invention(count)
        self.ids: dict[str, list[str]] = {}
        self.person = ""
        self.surnames = ("", "")

    def tell(self) -> None:
        """Tell all of it.

        Raises:
            StoryError: something did not hold.
            CommandError: a command failed.
        """
        for name in ("keys", "rows", "stick"):
            (self.home / name).mkdir()
        self._found_a_province()
        self._enrol_without_a_network()
        with self.commands.serving(self.home / "port") as self.url:
            self._enrol_the_others()
            self._survey_offline()
            self._bring_the_work_home()
            self._change_the_same_person()
            self._meet()
            self._settle()
            self._agree()

    # --- The province and its people ---

    def _found_a_province(self) -> None:
        with self.stage.tell("ตั้งจังหวัดสงขลา", "A province is founded: Songkhla"):
            self.commands.server(
                "init", "province", "--province", "90", "--name", CENTRE,
                "--root-key", "keys/root.key",
            )  # fmt: skip
            villages = self.invention.villages()
            write_villages(self.home / "villages.csv", villages)
            self.commands.server("area", "import", "villages.csv")
            works = [partial(self.invite, member) for member in CAST]
            self.together(("กำลังเขียนคำเชิญ", "inviting"), works)
            there = [(self.home / f"{one.key}.fki").exists() for one in CAST]
            self.stage.hold(
                f"มีหมู่บ้าน {len(villages):,} แห่ง คำเชิญ {len(there)} ฉบับ",
                f"{len(villages):,} villages, {len(there)} invitations",
                that=all(there),
            )

    def _enrol_without_a_network(self) -> None:
        with self.stage.tell(
            "สองคนเริ่มงานด้วยไฟล์คำเชิญ โดยไม่มีเครือข่าย",
            "Two enrol from an invitation file, with no network",
        ):
            works = [partial(self.enrol, member) for member in (HASAN, ARI)]
            self.together(_ENROLLING, works)
            self.stage.hold(
                "ฮาซันและอารีพร้อมทำงาน ทั้งที่ยังไม่มีเซิร์ฟเวอร์เปิดอยู่",
                "Hasan and Ari are ready to work; no server is running yet",
                that=not any(self.status(one)["certified"] for one in (HASAN, ARI)),
            )

    def _enrol_the_others(self) -> None:
        with self.stage.tell(
            "เปิดเซิร์ฟเวอร์ คนอื่น ๆ เริ่มงาน", "The server starts, the others enrol"
        ):
            self.stage.say(f"เซิร์ฟเวอร์: {self.url}", f"the server is at {self.url}")
            others = (SOMYING, WILAI, NONGYAO)
            self.together(_ENROLLING, [partial(self.enrol, one) for one in others])
            told = self.together(_SYNCING, [partial(self.sync, one) for one in others])
            self.stage.hold(
                "จังหวัดรับรองเครื่องของสมหญิง วิไล และนงเยาว์",
                "Somying, Wilai and Nongyao are certified",
                that=all(one["certified"] for one in told), found=told,
            )  # fmt: skip

    # --- The survey ---

    def _survey_offline(self) -> None:
        with self.stage.tell("สำรวจโดยไม่ใช้อินเทอร์เน็ต", "They survey, offline"):
            volunteers = [member for member in CAST if member.surveys]
            works = [partial(self._survey_people, one) for one in volunteers]
            people = sum(self.together(("กำลังบันทึกบุคคล", "people"), works))
            rows = [
                partial(self.bring_in, member, form_id, found)
                for member in volunteers
                for form_id, found in self._screenings_of(member).items()
            ]
            found = self.together(("กำลังคัดกรอง", "screenings"), rows)
            self._hold_survey(people, sum(map(len, found)))

    def _survey_people(self, member: Member) -> int:
        people = self.invention.people_of(member)
        self.ids[member.key] = self.bring_in(member, "person", people)
        return len(self.ids[member.key])

    def _screenings_of(self, member: Member) -> Mapping[str, Sequence[Any]]:
        people = self.invention.people_of(member)
        return self.invention.screenings_of(people, self.ids[member.key])

    def _hold_survey(self, people: int, screenings: int) -> None:
        planned = self.invention.screenings_count()
        self.stage.hold(
            f"บันทึก {people:,} คน คัดกรอง {screenings:,} ครั้ง ลงในเครื่องของแต่ละคน",
            f"{people:,} persons, {screenings:,} screenings, each on one laptop",
            that=(people, screenings) == (len(self.invention.people), planned),
            found=(people, screenings, planned),
        )
        groups = self.invention.groups
        self.stage.hold(
            "ครบทั้ง 9 กลุ่ม", "all nine groups are among them",
            that=len(groups) == GROUPS, found=groups,
        )  # fmt: skip
        labels = group_labels()
        rows = [(*labels[name], f"{count:,}") for name, count in groups.most_common()]
        self.stage.table(("กลุ่ม", "group", "คน / persons"), rows)

    # --- Three ways home ---

    def _bring_the_work_home(self) -> None:
        with self.stage.tell(
            "งานเดินทาง: อินเทอร์เน็ต แฟลชไดรฟ์ และทีหลัง",
            "The work travels: by HTTP, by stick, and later",
        ):
            told = self.sync(SOMYING)
            self.stage.hold(
                f"สมหญิงซิงก์เอง จังหวัดรับ {told['sent']} ชุด",
                f"Somying synced; batches taken by the province: {told['sent']}",
                that=told["sent"] and not self.status(SOMYING)["local"], found=told,
            )  # fmt: skip
            self.carry_for(HASAN, first=True)
            stands = self.status(HASAN)
            self.stage.hold(
                f"วิไลถือแฟลชไดรฟ์ของฮาซันไปส่ง จังหวัดรับ {stands['accepted']:,} รายการ",
                f"Wilai carried Hasan's stick: {stands['accepted']:,} saves accepted",
                that=stands["accepted"] and not stands["local"], found=stands,
            )  # fmt: skip
            waits = self.status(ARI)["local"]
            self.stage.hold(
                f"อารียังไม่ได้ซิงก์ {waits:,} รายการรออยู่ในเครื่องอย่างปลอดภัย",
                f"Ari syncs later; {waits:,} saves wait safely on the laptop",
                that=waits, found=waits,
            )  # fmt: skip

    # --- Two change the same person ---

    def _change_the_same_person(self) -> None:
        with self.stage.tell(
            "สองคนแก้ข้อมูลของคนเดียวกัน โดยไม่รู้ถึงกัน",
            "Two change the same person, unknown to each other",
        ):
            self.sync(SOMYING)  # Hasan's village lies in her area: now she sees it
            self.person, name = self._somebody()
            hers, his = self.surnames = f"{name}น้อย", f"{name}ใหญ่"
            self.edit(SOMYING, self.person, {"last_name": hers, "income": "4200"})
            self.edit(HASAN, self.person, {"last_name": his, "caregiver": "ป้าข้างบ้าน"})
            self.stage.say(
                f"สมหญิง: นามสกุล {hers} และรายได้ 4,200 บาท",
                f"Somying: the surname {hers}, and an income of 4,200 baht",
            )
            self.stage.say(
                f"ฮาซัน: นามสกุล {his} และผู้ดูแล ป้าข้างบ้าน",
                f"Hasan: the surname {his}, and a caregiver",
            )
            seen = [
                self.answers(one, self.person)["last_name"] for one in (SOMYING, HASAN)
            ]
            self.stage.hold(
                "แต่ละคนเห็นสิ่งที่ตนเองเขียน", "each sees what they wrote",
                that=seen == [hers, his], found=seen,
            )  # fmt: skip

    def _somebody(self) -> tuple[str, str]:
        """Return id and surname of somebody in Hasan's village."""
        people = self.invention.people_of(HASAN)
        pairs = zip(people, self.ids[HASAN.key], strict=True)
        return next(
            (record_id, str(one["last_name"]))
            for one, record_id in pairs
            if one.get("last_name")
        )

    def _meet(self) -> None:
        with self.stage.tell(
            "ทุกอย่างมาพบกันที่จังหวัด อารีซิงก์ทีหลัง",
            "All of it meets at the province; Ari syncs late",
        ):
            works = [partial(self.carry_for, HASAN)]
            works += [partial(self._sync, one) for one in (SOMYING, ARI)]
            self.together(_SYNCING, works)
            self.sync(NONGYAO)
            said = self.answers(NONGYAO, self.person)
            merged = said["income"], said["caregiver"]
            self.stage.hold(
                "รายได้และผู้ดูแลไม่ขัดกัน จึงรวมกันเอง",
                "income and caregiver do not clash: they merged by themselves",
                that=merged == (4200, "ป้าข้างบ้าน"), found=merged,
            )  # fmt: skip

    # --- Settling ---

    def _settle(self) -> None:
        with self.stage.tell(
            "ผู้ประสานงานตัดสินนามสกุลที่ไม่ตรงกัน", "The coordinator settles the surname"
        ):
            office = self.workspace(NONGYAO)
            listed = self.commands.told(office, "conflict", "list")
            about = [(one["record"], one["registers"]) for one in listed]
            self.stage.hold(
                "มีเรื่องเดียวที่ต้องตัดสิน คือนามสกุล", "one clash is listed: the surname",
                that=about == [(self.person, ["who/last_name"])], found=listed,
            )  # fmt: skip
            (clash,) = listed
            self.commands.fieldkit(
                office, "conflict", "resolve", clash["id"],
                "--keep", _dot_of(clash, HASAN), "--because", REASON,
            )  # fmt: skip
            self.stage.say(
                f"นงเยาว์เก็บค่าของฮาซัน เพราะ “{REASON}”",
                "Nongyao keeps Hasan's, and says why",
            )
            self.sync(NONGYAO)
            self.sync(SOMYING)
            told = self.commands.told(self.workspace(SOMYING), "notice", "list")
            said = [(one["record"], one["person"], one["because"]) for one in told]
            self.stage.hold(
                "สมหญิงได้รับแจ้งว่าไม่ได้เก็บค่าของตน โดยใคร เพราะอะไร",
                "Somying is told that her value was not kept, by whom and why",
                that=said == [(self.person, NONGYAO.name, REASON)], found=told,
            )  # fmt: skip

    # --- Agreement ---

    def _agree(self) -> None:
        with self.stage.tell("ทุกคนซิงก์ แล้วข้อมูลตรงกัน", "Everyone syncs; all agree"):
            works = [partial(self.carry_for, HASAN)]
            works += [partial(self._sync, one) for one in (SOMYING, ARI, NONGYAO)]
            self.together(_SYNCING, works)
            stands = self._stands()
            left = [one["local"] + one["conflicts"] for one in stands.values()]
            self.stage.hold(
                "ไม่มีงานค้างส่ง ไม่มีเรื่องค้างตัดสิน", "nothing is left to send or settle",
                that=not any(left), found=stands,
            )  # fmt: skip
            (_, his) = self.surnames
            looks = [
                partial(self.answers, one, self.person)
                for one in (SOMYING, HASAN, WILAI, NONGYAO)
            ]
            seen = {one["last_name"] for one in self.together(_LOOKING, looks)}
            self.stage.hold(
                f"ทุกเครื่องแสดงนามสกุล {his}", "every laptop shows the surname kept",
                that=seen == {his}, found=seen,
            )  # fmt: skip
            self._compare_digests(stands)

    def _sync(self, member: Member) -> None:
        self.sync(member)

    def _stands(self) -> dict[str, Any]:
        """Return where each one's work stands, with the digests of all scopes held."""
        works = [
            partial(self.status, member, *_within(member, SCOPES)) for member in CAST
        ]
        names = [member.name for member in CAST]
        return dict(zip(names, self.together(_LOOKING, works), strict=True))

    def _compare_digests(self, stands: Mapping[str, Any]) -> None:
        """Print the digest of every scope on each laptop that holds it, and compare."""
        rows = [
            (scope, name, digest[:_DIGITS])
            for name, one in stands.items()
            for scope, digest in one["digests"].items()
        ]
        self.stage.table(("พื้นที่ / area", "เครื่อง / laptop", "digest"), sorted(rows))
        found = [{digest for area, _, digest in rows if area == one} for one in SCOPES]
        self.stage.hold(
            f"ข้อมูลของทั้ง {len(SCOPES)} พื้นที่ตรงกันทุกเครื่อง",
            f"all laptops hold the same, in each of {len(SCOPES)} scopes",
            that=all(len(digests) == 1 for digests in found), found=rows,
        )  # fmt: skip
        self.commands.server("verify")
        self.stage.hold(
            "เซิร์ฟเวอร์ตรวจทุกลายเซ็น และสร้างทุกรายการขึ้นใหม่ได้เหมือนเดิม",
            "the server checked every signature and rebuilt every record alike",
            that=True,
        )


def _within(member: Member, scopes: Iterable[str]) -> list[str]:
    return [scope for scope in scopes if scope.startswith(member.area)]


def _dot_of(clash: Mapping[str, Any], member: Member) -> str:
    """Return the dot of what somebody wrote."""
    said = {one["person"]: str(one["dot"]) for one in clash["alternatives"]}
    return said[member.name]
