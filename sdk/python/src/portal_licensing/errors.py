"""What can be refused, one error each, with a stable code and a sentence for people."""

from __future__ import annotations


class LicensingError(Exception):
    """The base of all refusals; nothing was stored. `str(error)` is a sentence."""

    code = ""
    sentence = ""

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.sentence} ({detail})" if detail else self.sentence)
        self.detail = detail


class InvalidProductFile(LicensingError):
    code = "INVALID_PRODUCT_FILE"
    sentence = "The product file is missing or damaged: install the program again."


class InvalidFingerprint(LicensingError):
    code = "INVALID_FINGERPRINT"
    sentence = "A fingerprint is a text of 64 to 256 printable characters."


class InvalidInput(LicensingError):
    code = "INVALID_INPUT"
    sentence = "What was typed can't be used in a request."


class InvalidResponse(LicensingError):
    code = "INVALID_RESPONSE"
    sentence = (
        "This file is not an unchanged response of the portal: download it again and carry it "
        "over as it is."
    )


class UnknownSigningKey(LicensingError):
    code = "UNKNOWN_SIGNING_KEY"
    sentence = (
        "This file is signed with a key that this program doesn't know: it is for another "
        "product, or the program needs an update."
    )


class OtherProduct(LicensingError):
    code = "OTHER_PRODUCT"
    sentence = "This response is for another product."


class OtherMachine(LicensingError):
    code = "OTHER_MACHINE"
    sentence = "This response is for another machine, or for this one before it was set up anew."


class OtherLicense(LicensingError):
    code = "OTHER_LICENSE"
    sentence = "This response is for another licence key than the one that was asked for."


class ResponseExpired(LicensingError):
    code = "RESPONSE_EXPIRED"
    sentence = (
        "This response could be installed for a limited time, which has passed: make a new "
        "request and hand it in; that takes no further seat."
    )


class NoRequest(LicensingError):
    code = "NO_REQUEST"
    sentence = "No request was made on this machine: make one first, then install its response."


class NotActivated(LicensingError):
    code = "NOT_ACTIVATED"
    sentence = "There is no activation on this machine that could be given back."


class NoDeactivation(LicensingError):
    code = "NO_DEACTIVATION"
    sentence = "No deactivation was asked for on this machine, so there is nothing to confirm."


class OtherReceipt(LicensingError):
    code = "OTHER_RECEIPT"
    sentence = "This receipt is for another deactivation than the one that this machine asked for."


class DamagedStorage(LicensingError):
    code = "DAMAGED_STORAGE"
    sentence = "The licence data on this machine was changed or damaged: activate it again."


class StorageUnavailable(LicensingError):
    code = "STORAGE_UNAVAILABLE"
    sentence = "The folder for the licence data can't be read or written."
