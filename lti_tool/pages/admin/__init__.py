"""Pages for administrators, from sign-in to privacy, audit log and reports. Nobody's name or words are shown here."""

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from lti_tool.admin_accounts import find_signed_in
from lti_tool.csrf import check_csrf
from lti_tool.pages.admin import (
    accounts,
    audit,
    batches,
    connecting,
    cost_details,
    cost_report,
    costs,
    erasures,
    failures,
    platforms,
    privacy,
    queue,
    queue_changes,
    reports,
    retention,
    terms,
)
from lti_tool.parts import parts

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_TO_ALL = frozenset({"admin.sign_in"})
OPEN_BEFORE_PASSWORD = frozenset({"admin.sign_in", "admin.sign_out", "admin.password"})


def make_admin_blueprint() -> Blueprint:
    """All pages under /admin."""
    blueprint = Blueprint("admin", __name__, url_prefix="/admin")

    @blueprint.before_request
    def _enter() -> Response | None:
        secret = request.cookies.get(accounts.COOKIE)
        with parts().database.transaction() as session:
            g.signed_in = find_signed_in(session, secret, parts().clock())
        g.csrf_subject = secret or request.cookies.get(accounts.VISITOR_COOKIE) or ""
        if request.method not in SAFE_METHODS:
            check_csrf(parts().signing_key, g.csrf_subject, request)
        if g.signed_in is None and request.endpoint not in OPEN_TO_ALL:
            return redirect(url_for("admin.sign_in"), 303)
        if g.signed_in and g.signed_in.must_change_password and request.endpoint not in OPEN_BEFORE_PASSWORD:
            return redirect(url_for("admin.password"), 303)
        return None

    both, post = ["GET", "POST"], ["POST"]
    blueprint.add_url_rule("/sign-in", "sign_in", accounts.sign_in, methods=both)
    blueprint.add_url_rule("/sign-out", "sign_out", accounts.sign_out, methods=post)
    blueprint.add_url_rule("/password", "password", accounts.password, methods=both)
    blueprint.add_url_rule("", "queue", queue.queue)
    blueprint.add_url_rule("/queue/search", "search_queue", queue.search_queue, methods=post)
    blueprint.add_url_rule("/queue/figures", "queue_figures", queue.figures)
    blueprint.add_url_rule("/queue/export", "export_queue", queue.export, methods=post)
    blueprint.add_url_rule("/queue/items/<uuid:item_id>", "queue_item", queue.item)
    blueprint.add_url_rule("/queue/filters/save", "save_filter", queue.save_filter, methods=post)
    blueprint.add_url_rule("/queue/filters/<uuid:filter_id>/delete", "delete_filter", queue.delete_filter, methods=post)
    blueprint.add_url_rule("/queue/change", "change_queue", queue_changes.change, methods=post)
    blueprint.add_url_rule("/queue/change-all", "change_all", queue_changes.change_all, methods=post)
    blueprint.add_url_rule("/queue/changes/<uuid:change_id>", "queue_change", queue_changes.progress)
    blueprint.add_url_rule("/queue/changes/<uuid:change_id>/undo", "undo_change", queue_changes.undo, methods=post)
    blueprint.add_url_rule("/batches", "batches", batches.batches)
    blueprint.add_url_rule("/batches/new", "new_batch", batches.new, methods=post)
    blueprint.add_url_rule("/batches/create", "create_batch", batches.create, methods=post)
    blueprint.add_url_rule("/batches/<uuid:batch_id>", "batch", batches.batch)
    blueprint.add_url_rule("/batches/<uuid:batch_id>/progress", "batch_progress", batches.progress)
    blueprint.add_url_rule("/batches/<uuid:batch_id>/submit", "submit_batch", batches.submit, methods=post)
    blueprint.add_url_rule("/batches/<uuid:batch_id>/cancel", "cancel_batch", batches.cancel, methods=both)
    blueprint.add_url_rule("/failures", "failures", failures.failures)
    blueprint.add_url_rule("/failures/mend", "mend", failures.mend, methods=post)
    blueprint.add_url_rule("/provider", "provider", failures.provider)
    blueprint.add_url_rule("/provider/resume", "resume_provider", failures.resume, methods=post)
    blueprint.add_url_rule("/platforms", "platforms", platforms.platforms)
    blueprint.add_url_rule("/platforms/add", "add_platform", platforms.add, methods=both)
    blueprint.add_url_rule("/platforms/<uuid:registration_id>/state", "platform_state", platforms.state, methods=post)
    blueprint.add_url_rule("/deployments/<uuid:deployment_id>/approve", "approve", platforms.approve, methods=post)
    blueprint.add_url_rule("/deployments/<uuid:deployment_id>/disable", "disable", platforms.disable, methods=post)
    blueprint.add_url_rule("/deployments/<uuid:deployment_id>/terms", "terms", terms.terms)
    blueprint.add_url_rule("/deployments/<uuid:deployment_id>/terms/tell", "tell_terms", terms.tell_terms, methods=post)
    blueprint.add_url_rule("/platforms/mode", "connection_mode", connecting.change_mode, methods=post)
    blueprint.add_url_rule("/platforms/invite", "invite", connecting.invite, methods=post)
    blueprint.add_url_rule(
        "/platforms/invitations/<uuid:invitation_id>/withdraw", "withdraw", connecting.withdraw, methods=post
    )
    blueprint.add_url_rule("/platforms/<uuid:registration_id>/test", "test_platform", connecting.test, methods=post)
    blueprint.add_url_rule("/platforms/keys/rotate", "rotate_keys", connecting.rotate, methods=post)
    blueprint.add_url_rule("/privacy", "privacy", privacy.privacy, methods=both)
    blueprint.add_url_rule("/privacy/kept", "kept", retention.kept)
    blueprint.add_url_rule("/privacy/kept/<uuid:context_id>", "kept_course", retention.kept_course)
    blueprint.add_url_rule("/privacy/kept/<uuid:context_id>/hold", "hold_course", retention.hold, methods=post)
    blueprint.add_url_rule("/privacy/kept/<uuid:context_id>/lift", "lift_hold", retention.lift, methods=post)
    blueprint.add_url_rule("/privacy/requests", "requests", erasures.requests)
    blueprint.add_url_rule(
        "/privacy/requests/<uuid:request_id>/carry-out", "carry_out", erasures.carry_out, methods=post
    )
    blueprint.add_url_rule(
        "/privacy/requests/<uuid:request_id>/reject", "reject_request", erasures.reject, methods=post
    )
    blueprint.add_url_rule(
        "/privacy/erase/course/<uuid:context_id>", "erase_course", erasures.erase_course, methods=both
    )
    blueprint.add_url_rule(
        "/privacy/erase/deployment/<uuid:deployment_id>", "erase_deployment", erasures.erase_deployment, methods=both
    )
    blueprint.add_url_rule("/audit", "audit", audit.audit)
    blueprint.add_url_rule("/audit/export", "export_audit", audit.export, methods=post)
    blueprint.add_url_rule("/reports", "reports", reports.reports)
    blueprint.add_url_rule("/reports/export", "export_report", reports.export, methods=post)
    blueprint.add_url_rule("/reports/agreements", "agreements", reports.agreements)
    blueprint.add_url_rule("/reports/agreements/add", "add_agreement", reports.add_agreement, methods=both)
    blueprint.add_url_rule(
        "/reports/agreements/<uuid:agreement_id>", "change_agreement", reports.change_agreement, methods=both
    )
    blueprint.add_url_rule("/reports/processing", "processing", reports.processing)
    _add_costs(blueprint)
    return blueprint


def _add_costs(blueprint: Blueprint) -> None:
    both, post = ["GET", "POST"], ["POST"]
    blueprint.add_url_rule("/costs", "costs", costs.costs)
    blueprint.add_url_rule("/costs/freeze", "freeze", costs.freeze, methods=both)
    blueprint.add_url_rule("/costs/freeze/cancel", "cancel_running", costs.cancel_running, methods=post)
    blueprint.add_url_rule("/costs/unfreeze", "unfreeze", costs.unfreeze, methods=post)
    blueprint.add_url_rule("/costs/override", "override", costs.override, methods=both)
    blueprint.add_url_rule(
        "/costs/override/<uuid:override_id>/withdraw", "withdraw_override", costs.withdraw_override, methods=post
    )
    blueprint.add_url_rule("/costs/limits", "budget_limits", costs.budget_limits, methods=both)
    blueprint.add_url_rule("/costs/record", "ledger", cost_details.ledger)
    blueprint.add_url_rule("/costs/models", "comparison", cost_details.comparison)
    blueprint.add_url_rule("/costs/prices", "price_list", cost_details.price_list)
    blueprint.add_url_rule("/costs/prices/enter", "enter_price", cost_details.enter_price, methods=post)
    blueprint.add_url_rule(
        "/costs/prices/<uuid:price_id>/withdraw", "withdraw_price", cost_details.withdraw_price, methods=post
    )
    blueprint.add_url_rule("/costs/prices/retirement", "set_retirement", cost_details.set_retirement, methods=post)
    blueprint.add_url_rule("/costs/report", "cost_report", cost_report.cost_report, methods=both)
    blueprint.add_url_rule("/costs/report/export", "export_cost_report", cost_report.export_cost_report, methods=post)
