"""Which field of a lead a name in a body most likely means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from apps.routing.fields import CUSTOM_PREFIX, Registry

IGNORED = "_ignored."
# Fields of a draft that rules do not ask for.
EXTRA_FIELDS = ("first_name", "last_name", "provider_id", "test")
UTM_FACTS = ("utm_source", "utm_medium", "utm_term")
# Never taken from a body by guess: they are ours to say.
_OURS = frozenset({"source", "score", "received_at"})

_NAMES: Mapping[str, tuple[str, ...]] = {
    "name": ("full_name", "fullname", "your_name", "contact_name", "lead_name", "nome", "nom",
             "customer_name", "nome_completo", "vollstandiger_name"),
    "first_name": ("firstname", "given_name", "fname", "vorname", "prenom", "nombre"),
    "last_name": ("lastname", "surname", "family_name", "lname", "nachname", "sobrenome",
                  "apellido", "apellidos"),
    "email": ("e_mail", "mail", "email_address", "emailaddress", "your_email", "work_email",
              "business_email", "contact_email", "email_adresse", "e_mail_adresse"),
    "phone": ("phone_number", "phonenumber", "telephone", "tel", "mobile", "mobile_phone",
              "cell", "cell_phone", "your_phone", "contact_phone", "work_phone", "telefon",
              "telefone", "telefono", "handy", "whatsapp", "whatsapp_number", "celular"),
    "company": ("company_name", "companyname", "organization", "organisation", "business",
                "business_name", "account", "account_name", "employer", "firma", "empresa"),
    "job_title": ("title", "jobtitle", "position", "role", "job"),
    "country": ("country_code", "country_name", "land", "pais", "pays", "office_location"),
    "region": ("state", "province", "county", "bundesland", "state_province"),
    "city": ("town", "ort", "stadt", "ville", "ciudad", "cidade"),
    "postcode": ("zip", "zip_code", "zipcode", "postal_code", "postalcode", "post_code", "plz"),
    "language": ("lang", "locale", "preferred_language"),
    "campaign": ("utm_campaign", "campaign_name"),
    "ad_set": ("adset", "adset_name", "ad_set_name", "adgroup", "adgroup_name"),
    "ad": ("ad_name", "utm_content"),
    "form": ("form_name", "formname", "form_title"),
    "interest_group": ("interest", "interests", "interest_groups", "segment"),
    "employees": ("number_of_employees", "employee_count", "company_size", "headcount",
                  "numemployees", "mitarbeiter"),
    "revenue": ("annual_revenue", "annualrevenue", "umsatz"),
    "industry": ("sector", "branche", "setor"),
    "decision_maker": ("is_decision_maker", "decisionmaker"),
    "solution": ("current_solution", "solution_in_use"),
    "budget": ("deal_value", "deal_size"),
    "need": ("needs", "requirement", "requirements", "use_case"),
    "product": ("product_name", "product_interest", "interested_in"),
    "timeline": ("timeframe", "time_frame", "when", "purchase_timeline"),
    "message": ("comment", "comments", "note", "notes", "your_message", "enquiry", "inquiry",
                "question", "nachricht", "mensagem", "mensaje", "body", "text"),
    "provider_id": ("id", "lead_id", "leadgen_id", "submission_id", "entry_id", "record_id",
                    "opportunity_id"),
    "test": ("is_test", "test_lead"),
}  # fmt: skip
_ALIASES = {alias: field for field, aliases in _NAMES.items() for alias in aliases}
_ALIASES |= {field: field for field in _NAMES}
# Objects that are about the lead itself; under any other the same word is someone else's.
_ABOUT_THE_LEAD = frozenset({
    "lead", "contact", "person", "customer", "prospect", "user", "data", "fields", "field_data",
    "user_column_data", "answers", "properties", "payload", "result", "values", "attributes",
    "record", "submission", "form_response", "entry", "body", "details", "hidden", "address",
    "utm", "tracking",
})  # fmt: skip
# Everyday companions of a lead that deserve no remark.
_QUIET = frozenset({
    "created_time", "created_at", "ad_id", "adset_id", "campaign_id", "form_id", "is_organic",
    "platform", "lead_status", "inbox_url", "gclid", "fbclid", "msclkid", "page_url", "referrer",
    "ip", "user_agent", "source_url", "date", "time", "timestamp", "submitted_at",
})  # fmt: skip


def plain(name: str) -> str:
    """A field's name in lower case, without accents, words joined by underscores."""
    bare = unicodedata.normalize("NFKD", re.sub(r"([a-z])([A-Z])", r"\1_\2", name))
    kept = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return "_".join(kept.casefold().split())


def field_for(path: str, registry: Registry) -> str:
    """The field that a path most likely means; empty if nothing comes to mind."""
    if path.startswith(IGNORED):
        return ""
    if path.startswith(CUSTOM_PREFIX) and registry.get(path):
        return path
    steps = [plain(step) for step in path.split(".")]
    for start in range(len(steps)):
        if not all(step in _ABOUT_THE_LEAD or step.isdigit() for step in steps[:start]):
            break
        found = _known("_".join(steps[start:]), registry)
        if found:
            return found
    return ""


def _known(name: str, registry: Registry) -> str:
    if name in UTM_FACTS:
        return name
    if registry.get(CUSTOM_PREFIX + name):
        return CUSTOM_PREFIX + name
    if name in _ALIASES:
        return _ALIASES[name]
    found = registry.get(name)
    return name if found and not found.is_derived and name not in _OURS else ""


def is_quiet(path: str) -> bool:
    """Whether leaving this one out is nothing to tell anybody."""
    return path.startswith(IGNORED) or plain(path.rsplit(".", 1)[-1]) in _QUIET
