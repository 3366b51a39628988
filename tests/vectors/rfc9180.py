"""The vectors of RFC 9180 for DHKEM(X25519, HKDF-SHA256), base mode, sequence 0.

Appendix A.2 has our own suite; A.1 differs in the AEAD alone and tells the KEM and
the key schedule apart from it. The RFC has none for ML-KEM-768 + X25519.
"""

from typing import Any

_INFO = "4f6465206f6e2061204772656369616e2055726e"
_PLAIN = "4265617574792069732074727574682c20747275746820626561757479"
_AAD = "436f756e742d30"
_BAD = "crypto.not_a_recipient"

_A2: dict[str, str] = {
    "kind": "rfc9180",
    "aead": "CHACHA20_POLY1305",
    "secret_key": "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
    "public_key": "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
    "enc": "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
    "info": _INFO,
    "aad": _AAD,
    "ct": "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db"
    "21993c62ce81883d2dd1b51a28",
    "plain": _PLAIN,
}

_A1: dict[str, str] = {
    **_A2,
    "aead": "AES_128_GCM",
    "secret_key": "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
    "public_key": "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
    "enc": "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
    "ct": "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a9"
    "6d8770ac83d07bea87e13c512a",
}

RFC9180: list[dict[str, Any]] = [
    {"name": "RFC 9180 A.1.1.1", **_A1, "expect": "success"},
    {"name": "RFC 9180 A.2.1.1", **_A2, "expect": "success"},
    {
        "name": "RFC 9180 A.2.1.1, additional data of the second message",
        **_A2,
        "aad": "436f756e742d31",
        "expect": _BAD,
    },
    {
        "name": "RFC 9180 A.2.1.1, key of A.1",
        **_A2,
        "secret_key": _A1["secret_key"],
        "public_key": _A1["public_key"],
        "expect": _BAD,
    },
    {"name": "RFC 9180 A.2.1.1, info cut", **_A2, "info": "4f", "expect": _BAD},
]
