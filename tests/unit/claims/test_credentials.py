"""Content credentials signed here, with a certificate made here."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable

import pytest

from whichcam._typing import PixelArray
from whichcam.claims import check_claims, read_claims
from whichcam.media import open_photo

c2pa = pytest.importorskip("c2pa", reason="the extra c2pa is not installed")
x509 = pytest.importorskip("cryptography.x509")

Jpeg = Callable[..., bytes]


@pytest.fixture(scope="module")
def signer_info() -> tuple[bytes, bytes]:
    """Return a chain of two certificates and the key of the first, in PEM."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = dt.datetime.now(dt.UTC)

    def name(common: str) -> object:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test Issuer"),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )

    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    def certificate(subject: str, public: object, *, is_root: bool) -> object:
        usage = dict.fromkeys(
            (
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("root"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=10))
            .add_extension(
                x509.BasicConstraints(ca=is_root, path_length=None), critical=True
            )
            .add_extension(
                x509.KeyUsage(
                    digital_signature=not is_root,
                    key_cert_sign=is_root,
                    crl_sign=is_root,
                    **usage,
                ),
                critical=True,
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(public), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    root_key.public_key()
                ),
                critical=False,
            )
        )
        if not is_root:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]),
                critical=False,
            )
        return builder.sign(root_key, hashes.SHA256())

    chain = b"".join(
        c.public_bytes(serialization.Encoding.PEM)  # type: ignore[attr-defined]
        for c in (
            certificate("leaf", key.public_key(), is_root=False),
            certificate("root", root_key.public_key(), is_root=True),
        )
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return chain, private


@pytest.fixture(scope="module")
def signed(scene: PixelArray, jpeg: Jpeg, signer_info: tuple[bytes, bytes]) -> bytes:
    """Return a JPEG with content credentials that hold."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    chain, private = signer_info
    key = serialization.load_pem_private_key(private, None)

    def sign(data: bytes) -> bytes:
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    manifest = {
        "claim_generator_info": [{"name": "a test\x1b[31m", "version": "1"}],
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "digitalSourceType": "http://cv.iptc.org/newscodes/"
                            "digitalsourcetype/digitalCapture",
                        }
                    ]
                },
            }
        ],
    }
    target = io.BytesIO()
    with (
        c2pa.Signer.from_callback(
            sign, c2pa.C2paSigningAlg.ES256, chain.decode(), None
        ) as signer,
        c2pa.Builder(json.dumps(manifest)) as builder,
    ):
        builder.sign(signer, "image/jpeg", io.BytesIO(jpeg(scene)), target)
    return target.getvalue()


def test_credentials_that_hold_are_read(signed: bytes) -> None:
    found = read_claims(signed).credentials
    assert found.state == "valid", found.problems
    assert found.generator.startswith("a test")
    assert found.generator.isprintable()
    assert found.issuer == "Test Issuer"
    assert "c2pa.created" in found.actions
    codes = {f.code: f for f in check_claims(signed)}
    assert codes["credentials_valid"].direction == "agrees"


def test_a_picture_changed_since_is_found_out(signed: bytes) -> None:
    changed = bytearray(signed)
    changed[-200] ^= 1
    found = read_claims(bytes(changed)).credentials
    assert found.state == "invalid"
    assert any("hash" in problem.lower() for problem in found.problems)


def test_a_photo_without_its_file_says_so(signed: bytes) -> None:
    photo = open_photo(signed)
    assert read_claims(photo).credentials.state == "not_checked"
    assert read_claims(photo, source=signed).credentials.state == "valid"
    assert "credentials_not_checked" in {f.code for f in check_claims(photo)}


def test_a_damaged_manifest_is_no_crash(signed: bytes) -> None:
    at = signed.index(b"c2pa")
    for change in (at + 8, at + 60, at + 400):
        broken = bytearray(signed)
        broken[change] ^= 0x55
        state = read_claims(bytes(broken)).credentials.state
        assert state in {"invalid", "unreadable", "absent", "valid"}


def test_a_manifest_elsewhere_is_named_and_not_fetched(
    plain: PixelArray, jpeg: Jpeg
) -> None:
    packet = (
        b"http://ns.adobe.com/xap/1.0/\0<rdf:Description "
        b'dcterms:provenance="https://example.org/c2pa.c2pa"/>'
    )
    data = jpeg(plain)
    segment = b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet
    data = data[:2] + segment + data[2:]
    found = read_claims(data).credentials
    assert found.remote_url == "https://example.org/c2pa.c2pa"
    assert found.state in {"absent", "unreadable"}
    assert "credentials_elsewhere" in {f.code for f in check_claims(data)}
