"""All standing rules: importing the modules registers what is in them."""

from __future__ import annotations

from conformance.judge import (
    rules_alert,
    rules_authentication,
    rules_campaign,
    rules_command,
    rules_course,
    rules_download,
    rules_echo,
    rules_effect,
    rules_enforcement,
    rules_form,
    rules_header,
    rules_integrity,
    rules_largeobject,
    rules_object,
    rules_operation,
    rules_package,
    rules_property,
    rules_push,
    rules_report,
    rules_state,
    rules_status,
    rules_tls,
    rules_transport,
    rules_tree,
    rules_trigger,
    rules_version,
    rules_wbxml,
)
from conformance.judge.rule import RULES, Rule

MODULES = (
    rules_form, rules_transport, rules_header, rules_package, rules_status, rules_authentication, rules_enforcement, rules_integrity,
    rules_largeobject, rules_command, rules_effect, rules_object, rules_alert, rules_operation, rules_state, rules_course,
    rules_report, rules_campaign,
    rules_echo, rules_tree, rules_trigger, rules_version, rules_wbxml, rules_push, rules_download, rules_tls,
    rules_property,
)
"""Modules with rules, in the order in which their findings are listed."""
_ORDER = {module.__name__: place for place, module in enumerate(MODULES)}
ALL: list[Rule] = sorted(RULES, key=lambda rule: _ORDER.get(rule.check.__module__, len(MODULES)))
"""Every registered rule."""
