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
    sentence = (
        "The program identifies this machine by a text that is not one of 64 to 256 printable "
        "characters: ask the vendor's support for an update of the program."
    )


class NoMachineId(LicensingError):
    code = "NO_MACHINE_ID"
    sentence = (
        "This system has no id of its own by which it could be known again: let it make one (on "
        "Linux: systemd-machine-id-setup), then start the program again."
    )


class InvalidInput(LicensingError):
    code = "INVALID_INPUT"
    sentence = "What was typed can't be used in a request: correct it, and make the request again."


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
    sentence = "This response is for another product: install it in the program that asked for it."


class OtherMachine(LicensingError):
    code = "OTHER_MACHINE"
    sentence = (
        "This response is for another machine, or for this one before it was set up anew or gave "
        "its seat back: make a new request here and install its response."
    )


class OtherLicense(LicensingError):
    code = "OTHER_LICENSE"
    sentence = (
        "This response is for another licence key than the one that was asked for: make a request "
        "with its key first, or install the response to the last request."
    )


class ResponseExpired(LicensingError):
    code = "RESPONSE_EXPIRED"
    sentence = (
        "This response could be installed for a limited time, which has passed by this machine's "
        "clock: set the clock right if it is wrong; else make a new request and hand it in, which "
        "takes no further seat."
    )


class NoRequest(LicensingError):
    code = "NO_REQUEST"
    sentence = "No request was made on this machine: make one first, then install its response."


class NotActivated(LicensingError):
    code = "NOT_ACTIVATED"
    sentence = (
        "There is no activation on this machine that could be given back: activate it first, or, "
        "if its seat was taken by an earlier installation, ask the vendor's support to free it."
    )


class ActivatedOnline(LicensingError):
    code = "ACTIVATED_ONLINE"
    sentence = (
        "This machine was activated with a network: give its seat back the same way, without a "
        "file."
    )


class NoDeactivation(LicensingError):
    code = "NO_DEACTIVATION"
    sentence = (
        "No deactivation was asked for on this machine, so there is nothing to confirm: to give "
        "its seat back, make a deactivation request first."
    )


class OtherReceipt(LicensingError):
    code = "OTHER_RECEIPT"
    sentence = (
        "This receipt is for another deactivation than the one that this machine asked for: hand "
        "in this machine's request and bring back its receipt."
    )


class DamagedStorage(LicensingError):
    code = "DAMAGED_STORAGE"
    sentence = "The licence data on this machine was changed or damaged: activate it again."


class StorageUnavailable(LicensingError):
    code = "STORAGE_UNAVAILABLE"
    sentence = (
        "The folder for the licence data can't be read or written: give the program the right to, "
        "or make room on the disk."
    )
