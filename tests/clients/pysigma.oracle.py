"""Makes Sigma rules and events, and says by pySigma's reading of the rules which of them match.

    pysigma.oracle.py SEED COUNT    one JSON document a line: yaml, events, verdicts; verdicts are null where it refuses

pySigma reads rules and converts them; it judges no events. What its parts mean for one event is written out below as
plainly as can be. Left out is what we read otherwise on purpose (docs/decisions/detect-sigma.md): items without values,
letters that fold in more than one way, aggregations.
"""

import ipaddress
import json
import random
import re
import sys

import yaml
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SpecialChars,
)

FIELDS = ["a", "b", "c", "d"]
PLAIN = [
    "cmd.exe", "C:\\\\Windows\\\\*", "-enc", "/c foo", "a?b", "\\*", "\\\\\\*", "x\\\\*", "foo", "FOO", "*", "", "?",
    "10.0.0.1", "ffff", "5", "08", "0x10", "true", "%adm%", "a*b*c", "-a -b", "foo\\", "\\?", "straße", " -e ", "a/b",
    "--x", "*bar", "bar*", "*b*", r"C:\a\b", r"\\srv\x", 5, 7, 0, -1, 2.5, True, False, None,
]  # fmt: skip
REGULAR = ["foo", "^foo$", "fo+", "(?i)FOO", "a.b", "a|b", "^$", "bar$", "[0-9]+", "\\\\x", "\\d{2}", "."]
NETWORKS = ["10.0.0.0/8", "fe80::/10", "10.0.0.1", "192.0.2.0/24"]
MODIFIERS = [
    "", "", "|contains", "|startswith", "|endswith", "|contains|all", "|windash|contains|all", "|contains|windash", "|re",
    "|re|i", "|re|i|m", "|re|s", "|cidr", "|base64", "|base64offset|contains", "|wide|base64offset|contains",
    "|utf16|base64", "|utf16be|base64offset|contains", "|exists", "|cased", "|contains|cased", "|cased|startswith", "|gt",
    "|gte", "|lt", "|lte", "|neq", "|neq|contains", "|contains|neq|all", "|cidr|neq", "|re|neq", "|fieldref",
    "|fieldref|neq", "|fieldref|contains", "|fieldref|startswith", "|fieldref|endswith", "|exists|neq", "|all", "|gt|neq",
    "|windash|endswith", "|windash|cased",
]  # fmt: skip
VALUES = [
    "cmd.exe", "C:\\Windows\\x", "foo", "FOO", "Foo bar", "-enc", "/enc", "–enc x", "10.0.0.1", "10.1.2.3", "fe80::1", "5",
    "7", "08", "", "*", "?", "x\\y", "x\\*", "a*b", "axb", "a\nb", "true", "True", "Zm9v", "xZm9v", "STRASSE", "a-b",
    "-a /b", "%adm%", r"C:\a\b", r"\\srv\x", 5, 7, 0, 2.5, True, False, None, ["foo", "x"], ["-enc", "5"],
]  # fmt: skip
CONDITIONS = [
    "sel", "not sel", "sel and fil", "sel and not fil", "1 of sel*", "all of them", "1 of them", "sel or not 1 of fi*",
    "1 of *", "not not sel", "any of them", "all of _*", "sel and _x", "2 of them", "1 of sel* and", "(sel)",
    "((sel) or (fil and _x))", "1 of s*l", "all of *",
]  # fmt: skip
FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: re.I,
    SigmaRegularExpressionFlag.MULTILINE: re.M,
    SigmaRegularExpressionFlag.DOTALL: re.S,
}
COMPARE = {
    CompareOperators.LT: lambda left, right: left < right,
    CompareOperators.LTE: lambda left, right: left <= right,
    CompareOperators.GT: lambda left, right: left > right,
    CompareOperators.GTE: lambda left, right: left >= right,
}


def make_item(chance):
    modifiers = chance.choice(MODIFIERS)
    names = modifiers.split("|")
    bound = {"cidr", "exists", "fieldref", "gt", "gte", "lt", "lte", "startswith", "endswith"}
    keyword = chance.random() < 0.1 and not set(names) & bound
    # Modifiers of texts take texts, and those that encode take no wildcards.
    pool = PLAIN if modifiers in ("", "|neq", "|all") else [each for each in PLAIN if isinstance(each, str)]
    if any(name.startswith(("base64", "wide", "utf16")) for name in names):
        pool = [each for each in pool if re.fullmatch(r"[\w .:%/-]+", each, re.A)]
    if "re" in names:
        pool = REGULAR
    elif "exists" in names:
        pool = [True, False, "x"]
    elif "cidr" in names:
        pool = [*NETWORKS, "x", "10.0.0.0/33"]
    elif "fieldref" in names:
        pool = FIELDS
    elif set(names) & {"gt", "gte", "lt", "lte"}:
        pool = [5, 7, 0, 2.5, "x"]
    count = chance.choice([1, 1, 2, 3])
    values = [chance.choice(pool) for _ in range(count)]
    field = "" if keyword and modifiers else chance.choice(FIELDS)
    return field + modifiers, values[0] if count == 1 and chance.random() < 0.6 else values


def make_search(chance):
    kind = chance.random()
    if kind < 0.12:
        return [chance.choice([each for each in PLAIN if each is not None]) for _ in range(chance.choice([1, 2]))]
    if kind < 0.25:
        return [dict([make_item(chance)]) for _ in range(2)]
    return dict(make_item(chance) for _ in range(chance.choice([1, 1, 2])))


def texts(value):
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return value if isinstance(value, list) else [str(value)]


def expression(string, cased):
    wild = {SpecialChars.WILDCARD_MULTI: ".*", SpecialChars.WILDCARD_SINGLE: "."}
    parts = [re.escape(part) if isinstance(part, str) else wild[part] for part in string.s]
    return re.compile("".join(parts) + r"\Z", re.S if cased else re.S | re.I)


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def in_network(text, network):
    try:
        return ipaddress.ip_address(text) in network
    except ValueError:
        return False


def related(reference, left, right):
    left, right = left.lower(), right.lower()
    if reference.starts_with and reference.ends_with:
        return right in left
    if reference.starts_with:
        return left.startswith(right)
    return left.endswith(right) if reference.ends_with else left == right


def matches(wanted, value, event, keyword=False):
    if isinstance(wanted, SigmaExpansion):
        return any(matches(each, value, event, keyword) for each in wanted.values)
    if isinstance(wanted, SigmaNull):
        return value is None
    found = texts(value)
    if isinstance(wanted, SigmaCompareExpression):
        numbers = [each for each in map(number, found) if each is not None]
        return any(COMPARE[wanted.op](each, wanted.number.number) for each in numbers)
    if isinstance(wanted, (SigmaNumber, SigmaBool)):
        text = str(wanted.number if isinstance(wanted, SigmaNumber) else wanted.boolean).lower()
        return any(text in each.lower() if keyword else text == each.lower() for each in found)
    if isinstance(wanted, SigmaCIDRExpression):
        return any(in_network(each, wanted.network) for each in found)
    if isinstance(wanted, SigmaFieldReference):
        return any(related(wanted, left, right) for left in found for right in texts(event.get(wanted.field)))
    if isinstance(wanted, SigmaRegularExpression):
        flags = 0
        for flag in wanted.flags:
            flags |= FLAGS[flag]
        return any(re.search(str(wanted.regexp), each, flags) for each in found)
    assert isinstance(wanted, SigmaString)
    string = SpecialChars.WILDCARD_MULTI + wanted + SpecialChars.WILDCARD_MULTI if keyword else wanted
    pattern = expression(string, isinstance(wanted, SigmaCasedString))
    return any(pattern.match(each) for each in found)


def holds(condition, event):
    if isinstance(condition, ConditionAND):
        return all(holds(each, event) for each in condition.args)
    if isinstance(condition, ConditionOR):
        return any(holds(each, event) for each in condition.args)
    if isinstance(condition, ConditionNOT):
        return not holds(condition.args[0], event)
    if isinstance(condition, ConditionFieldEqualsValueExpression):
        if isinstance(condition.value, SigmaExists):
            return (condition.field in event) == bool(condition.value)
        return matches(condition.value, event.get(condition.field), event)
    assert isinstance(condition, ConditionValueExpression)
    return any(matches(condition.value, value, event, True) for value in event.values())


def main(seed, count):
    chance = random.Random(int(seed))
    for _ in range(int(count)):
        searches = {name: make_search(chance) for name in ("sel", "fil", "_x")}
        detection = {**searches, "condition": chance.choice(CONDITIONS)}
        rule = {"title": "t", "logsource": {"service": "s"}, "detection": detection}
        text = yaml.safe_dump(rule, allow_unicode=True)
        events = [{name: chance.choice(VALUES) for name in FIELDS if chance.random() < 0.75} for _ in range(6)]
        try:
            condition = SigmaRule.from_yaml(text).detection.parsed_condition[0].parsed
        except Exception:
            verdicts = None
        else:
            verdicts = [bool(holds(condition, event)) for event in events]
        print(json.dumps({"yaml": text, "events": events, "verdicts": verdicts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
