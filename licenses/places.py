"""Where machines are: addresses, ranges of them and countries, each in its one spelling. Pure."""

from ipaddress import ip_address, ip_network

# ISO 3166-1 alpha-2, and the code that databases of addresses have for Kosovo.
CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK
"""
COUNTRIES = frozenset(CODES.split())


def address(text: str) -> str:
    """An address of IPv4 or IPv6. Raises ValueError."""
    return str(ip_address(text))


def network(text: str) -> str:
    """A range of addresses such as 192.0.2.0/24, whichever of them it was named by. Raises
    ValueError."""
    return str(ip_network(text, strict=False))


def country(text: str) -> str:
    """Two capital letters. Raises ValueError for what is no country."""
    code = text.upper()
    if code not in COUNTRIES:
        raise ValueError(text)
    return code
