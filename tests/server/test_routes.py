"""The routes, asked over ASGI: what a device, a courier or a stranger gets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldkit.sync.envelope import Kind, envelope_id, key_id, seal_envelope
from fieldkit.sync.messages import DigestRequest, PageRequest, SyncRequest
from fieldkit.sync.receipts import open_receipt
from sync_server.opening import Opened
from tests.server.premises import Asgi, Volunteer, new_province, now_ms, numbers, served

CBOR = {"content-type": "application/cbor"}


@pytest.fixture
def province(tmp_path: Path) -> Opened:
    return new_province(tmp_path)


@pytest.fixture
def web(province: Opened) -> Iterator[Asgi]:
    with served(province) as client:
        yield client


@pytest.fixture
def somsri(province: Opened, web: Asgi) -> Volunteer:
    volunteer = Volunteer.invited(province)
    assert web.ask("POST", "/v1/envelopes", volunteer.enrolment()).status == 200
    return volunteer


def page_request(volunteer: Volunteer, base: int = 0, after: int = 0) -> bytes:
    return volunteer.request(
        PageRequest(
            epoch=volunteer.epoch, nonce=bytes(8), incarnation=1, base=base, after=after
        )
    )


def test_a_batch_is_answered_with_a_receipt_for_its_author(
    web: Asgi, somsri: Volunteer
) -> None:
    envelope = somsri.batch("สมหมาย", "สมปอง")

    said = web.ask("POST", "/v1/envelopes", envelope)

    answer = somsri.answer(said.body)
    assert answer.nonce == envelope_id(envelope)[:8]
    assert answer.receipt is not None
    receipt = open_receipt(
        answer.receipt, somsri.roster.fingerprint, somsri.roster.receipt_keys
    )
    (batch,) = receipt.batches
    assert [one.disposition for one in batch.verdicts] == ["applied"]
    assert batch.count == 2


def test_handing_in_the_same_envelope_twice_changes_nothing(
    web: Asgi, somsri: Volunteer
) -> None:
    envelope = somsri.batch("สมหมาย")

    first = somsri.answer(web.ask("POST", "/v1/envelopes", envelope).body)
    second = somsri.answer(web.ask("POST", "/v1/envelopes", envelope).body)

    assert first.head == second.head


def test_an_envelope_goes_on_at_the_byte_where_it_broke_off(
    web: Asgi, somsri: Volunteer
) -> None:
    envelope = somsri.batch("สมหมาย")
    path = f"/v1/envelopes/{envelope_id(envelope).hex()}"
    total = len(envelope)

    half = web.ask("PUT", f"{path}?offset=0&total={total}", envelope[:100])
    known = web.ask("GET", path)
    rest = web.ask("PUT", f"{path}?offset=90&total={total}", envelope[90:])

    assert (half.status, numbers(half.body)) == (206, [100, total])
    assert numbers(known.body) == [100, total]
    assert somsri.answer(rest.body).receipt
    assert numbers(web.ask("GET", path).body) == [0, 0]


def test_a_part_that_leaves_a_gap_is_told_where_to_go_on(
    web: Asgi, somsri: Volunteer
) -> None:
    envelope = somsri.batch("สมหมาย")
    path = (
        f"/v1/envelopes/{envelope_id(envelope).hex()}?offset=50&total={len(envelope)}"
    )

    said = web.ask("PUT", path, envelope[50:], CBOR)

    assert said.status == 409
    assert numbers(said.body)["code"] == "envelope.gap"


def test_a_sync_with_nothing_to_do_is_small_both_ways(
    web: Asgi, somsri: Volunteer
) -> None:
    web.ask("POST", "/v1/envelopes", somsri.batch("สมหมาย"))
    news = somsri.answer(web.ask("POST", "/v1/sync", somsri.question()).body)
    request = somsri.question(
        roster=somsri.roster.version + len(news.roster_entries),
        incarnation=1,
        position=news.head,
    )

    said = web.ask("POST", "/v1/sync", request)

    head = "HTTP/1.1 200 OK\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in said.headers.items()
    )
    assert said.headers.keys() == {"content-type", "content-length"}
    assert len(request) <= 250
    assert len(head) + 2 + len(said.body) <= 400
    assert not somsri.answer(said.body).is_private


def test_news_bring_the_roster_and_the_forms_that_a_device_lacks(
    web: Asgi, somsri: Volunteer
) -> None:
    said = web.ask("POST", "/v1/sync", somsri.question(forms=bytes(8), roster=0))

    answer = somsri.answer(said.body)
    assert {one for one, _ in answer.documents} == set(somsri.texts)
    assert len(answer.roster_entries) == 4


def test_an_invitation_given_out_while_the_server_runs_can_be_used(
    province: Opened, web: Asgi, somsri: Volunteer
) -> None:
    other = Volunteer.invited(province)

    assert web.ask("POST", "/v1/envelopes", other.enrolment()).status == 200
    assert other.answer(web.ask("POST", "/v1/sync", other.question()).body).head
    assert somsri.epoch != other.epoch


def test_what_one_hands_in_another_fetches_as_a_page(
    province: Opened, web: Asgi, somsri: Volunteer
) -> None:
    other = Volunteer.invited(province)
    web.ask("POST", "/v1/envelopes", other.enrolment())
    web.ask("POST", "/v1/envelopes", somsri.batch("สมหมาย"))

    said = web.ask("POST", "/v1/pages", page_request(other))

    assert said.status == 200
    assert other.opened(said.body)


def test_beyond_the_head_there_is_no_page(web: Asgi, somsri: Volunteer) -> None:
    head = somsri.answer(web.ask("POST", "/v1/sync", somsri.question()).body).head

    said = web.ask("POST", "/v1/pages", page_request(somsri, head, head))

    assert (said.status, said.body) == (204, b"")


def test_a_page_is_resumed_at_any_byte(web: Asgi, somsri: Volunteer) -> None:
    web.ask("POST", "/v1/envelopes", somsri.batch(*(f"คนที่ {n}" for n in range(300))))
    page = web.ask("POST", "/v1/pages", page_request(somsri))
    path = f"/v1/pages/{page.headers['x-envelope-id']}"

    rest = web.ask("GET", path, headers={"range": "bytes=1000-"})

    assert rest.status == 206
    assert rest.body == page.body[1000:]
    assert web.ask("GET", path).body == page.body
    assert web.ask("GET", path, headers={"range": "bytes=9999999-"}).status == 416
    assert web.ask("GET", f"/v1/pages/{'0' * 64}").status == 404


def test_a_digest_says_whether_both_hold_the_same(web: Asgi, somsri: Volunteer) -> None:
    web.ask("POST", "/v1/envelopes", somsri.batch("สมหมาย"))

    def ask(*, detail: bool) -> bytes:
        request = DigestRequest(
            epoch=somsri.epoch, nonce=bytes(8), first=bytes(16), last=b"\xff" * 16,
            detail=detail,
        )  # fmt: skip
        return web.ask("POST", "/v1/sync", somsri.request(request)).body

    assert somsri.opened(ask(detail=True))
    assert len(ask(detail=False)) < 250


def test_a_question_signed_by_another_key_is_refused(
    web: Asgi, somsri: Volunteer, province: Opened
) -> None:
    thief = Volunteer.invited(province)
    thief.epoch = somsri.epoch

    said = web.ask("POST", "/v1/sync", thief.question(), CBOR)

    assert (said.status, numbers(said.body)["code"]) == (400, "crypto.signature")


def test_a_laptop_that_nobody_certified_is_told_so(province: Opened, web: Asgi) -> None:
    stranger = Volunteer.invited(province)

    said = web.ask("POST", "/v1/sync", stranger.question(), CBOR)

    assert (said.status, numbers(said.body)["code"]) == (403, "roster.unknown_device")


def test_a_revoked_laptop_hands_in_but_gets_no_page(
    province: Opened, web: Asgi, somsri: Volunteer
) -> None:
    province.office.issue([["revoke_epoch", somsri.epoch, []]], now_ms())

    assert web.ask("POST", "/v1/envelopes", somsri.batch("สมหมาย")).status == 200
    said = web.ask("POST", "/v1/pages", page_request(somsri), CBOR)
    assert (said.status, numbers(said.body)["code"]) == (403, "roster.revoked_device")


def test_positions_of_another_log_are_refused(web: Asgi, somsri: Volunteer) -> None:
    request = PageRequest(
        epoch=somsri.epoch, nonce=bytes(8), incarnation=7, base=1, after=1
    )

    said = web.ask("POST", "/v1/pages", somsri.request(request), CBOR)

    assert (said.status, numbers(said.body)["code"]) == (409, "page.other_log")


def test_an_envelope_for_another_province_is_told_apart(
    web: Asgi, tmp_path: Path
) -> None:
    elsewhere = seal_envelope(
        Kind.BATCH, b"x", Volunteer.invited(new_province(tmp_path)).opening.recipient
    )

    said = web.ask("POST", "/v1/envelopes", elsewhere, CBOR)

    assert (said.status, numbers(said.body)["code"]) == (421, "crypto.not_a_recipient")


def test_a_question_by_courier_is_answered_into_the_mailbox(
    web: Asgi, somsri: Volunteer
) -> None:
    web.ask("POST", "/v1/envelopes", somsri.batch("สมหมาย"))
    ask = seal_envelope(Kind.ASK, somsri.question(), somsri.roster.sealing)

    assert web.ask("POST", "/v1/envelopes?carried=true", ask).status == 200

    box = f"/v1/mail/{key_id(somsri.opening.recipient).hex()}"
    mail = numbers(web.ask("GET", box).body)
    assert somsri.answer(mail[0][1]).head
    assert somsri.opened(mail[1][1])
    assert numbers(web.ask("GET", f"{box}?after={mail[-1][0]}").body) == []


def test_only_a_question_for_news_travels_by_courier(
    web: Asgi, somsri: Volunteer
) -> None:
    ask = seal_envelope(Kind.ASK, page_request(somsri), somsri.roster.sealing)

    said = web.ask("POST", "/v1/envelopes", ask, CBOR)

    assert (said.status, numbers(said.body)["code"]) == (409, "envelope.ask")


def test_a_relay_without_a_core_keeps_envelopes_until_there_is_one(
    province: Opened,
) -> None:
    volunteer = Volunteer.invited(province)
    with served(province, with_core=False) as relay:
        kept = relay.ask("POST", "/v1/envelopes", volunteer.enrolment())
        unanswered = relay.ask("POST", "/v1/sync", volunteer.question(), CBOR)
        assert (kept.status, unanswered.status) == (202, 503)
        assert numbers(unanswered.body)["code"] == "relay.no_core"

    with served(province) as web:
        site = web.app.state.site
        assert site.deliver() == 1
        assert site.deliver() == 0
        answer = volunteer.answer(
            web.ask("POST", "/v1/sync", volunteer.question()).body
        )

    assert answer.roster_entries


def test_more_than_the_limit_is_not_read(web: Asgi) -> None:
    said = web.ask("POST", "/v1/sync", b"x" * 70_000, CBOR)

    assert (said.status, numbers(said.body)["code"]) == (413, "codec.limit")


def test_a_problem_speaks_both_languages_in_json_too(web: Asgi) -> None:
    said = web.ask("POST", "/v1/sync", b"<html>")

    assert said.status == 400
    assert said.headers["content-type"] == "application/problem+json"
    assert "งานในเครื่องยังอยู่ครบ" in said.body.decode()


def test_an_address_that_does_not_fit_is_a_problem(web: Asgi) -> None:
    said = web.ask("GET", "/v1/mail/xyz")

    assert said.status == 422
    assert b"request.invalid" in said.body


def test_health_and_counts_say_nothing_of_anybody(web: Asgi) -> None:
    web.ask("GET", f"/v1/envelopes/{'ab' * 32}")

    assert b'"core":true' in web.ask("GET", "/v1/health").body
    counts = web.ask("GET", "/metrics").body.decode()
    assert 'route="/v1/envelopes/{name}",status="200"' in counts
    assert "abab" not in counts


def test_a_question_of_the_wrong_shape_is_refused(web: Asgi, somsri: Volunteer) -> None:
    request = SyncRequest(epoch=b"short", nonce=bytes(8))

    assert web.ask("POST", "/v1/sync", somsri.request(request)).status == 400
