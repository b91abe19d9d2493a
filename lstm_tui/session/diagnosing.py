"""Running the checks on a session, walking through what they find, and trying a fix. Pure.

A fix is an ordinary edit. Where it can only be made in the user's own code, that is said.
"""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Finding, Place
from lstm_tui.recurrent.calls import Alteration, Predict, RunPlan, StateReset, fingerprint
from lstm_tui.recurrent.recording import Recording
from lstm_tui.scenario.actions import OnInput
from lstm_tui.scenario.plan import recordable_calls
from lstm_tui.session.commands import DiagnosisArrived, FindingArrived, MakeEdits
from lstm_tui.session.edits import Edit, Plan, ReplaceCalls
from lstm_tui.session.effects import Announce, Effect, StartDiagnosis
from lstm_tui.session.inquiry import Checkup
from lstm_tui.session.state import Cursor, Session

JUDGED_ALONE = "the checks judge the model as it is, without what is tried inside its loops"


def question_of(session: Session, plan: Plan | None) -> str:
    """The key of what is asked about: the plan, or without an input what was altered."""
    return plan.run.key if plan is not None else fingerprint(alterations(session))


def alterations(session: Session) -> tuple[Alteration, ...]:
    """Settings that are other than in the file by now."""
    if session.plan is not None:
        return session.plan.run.alterations
    return tuple(edit for edit in session.history.done if isinstance(edit, Alteration))


def checkup_key(session: Session) -> str:
    """The question that the checks would answer now: with another wish for the shape it is another one."""
    return f"{session.inquiry.plan} {session.material.expected_shape}"


def shown_checkup(session: Session) -> Checkup | None:
    """The checks of the present question, if they were ever begun."""
    return session.inquiry.checkups.get(checkup_key(session))


def chosen_finding(session: Session) -> Finding | None:
    """The finding under the cursor."""
    checkup, index = shown_checkup(session), session.cursor.finding
    if checkup is None or index is None or not 0 <= index < len(checkup.findings):
        return None
    return checkup.findings[index]


# --- running the checks ---------------------------------------------------------------------------


def begin(session: Session) -> tuple[Session, tuple[Effect, ...]]:
    """Run the checks, unless they run already or have answered."""
    checkup, key = shown_checkup(session), checkup_key(session)
    if not session.model.from_keras:
        return session, (Announce("the checks need Keras: the model is still being loaded"),)
    if session.long is not None:
        return session, (Announce(session.long.beyond, "warning"),)
    if checkup is not None and checkup.running:
        return session, (Announce("the checks are running"),)
    if checkup is not None and not checkup.stopped:
        found = len(checkup.findings)
        return session, (Announce(f"checked already: {found or 'no'} finding{'s' * (found != 1)}"),)
    session = replace(
        session,
        inquiry=session.inquiry.with_checkup(key, Checkup()),
        cursor=replace(session.cursor, finding=None),
    )
    said = (Announce(JUDGED_ALONE),) if session.plan is not None and session.plan.run.interventions else ()
    return session, (*said, StartDiagnosis(key, subject_of(session)))


def subject_of(session: Session) -> Subject:
    """What the checks look at: the model, without what is tried inside its loops."""
    material = session.material
    if session.plan is None:
        plan = RunPlan(inputs={}, calls=(), alterations=alterations(session))
        return Subject(plan, expected_shape=material.expected_shape)
    run = session.plan.run
    last = next(iter(reversed(recordable_calls(run.calls))), run.record)
    edited = any(not isinstance(call, Predict) for call in run.calls) or len(run.calls) > 1
    return Subject(
        plan=replace(run, record=last, sample=None, interventions=()),
        reference=material.reference,
        reference_target=material.reference_target,
        expected_shape=material.expected_shape,
        output_rescales=session.plan.folded.output_rescales,
        calls_given=material.calls_given or edited,
    )


def told(session: Session, command: FindingArrived | DiagnosisArrived) -> Session:
    """One more finding, or the whole answer; the finding under the cursor stays under it."""
    checkup = session.inquiry.checkups.get(command.key, Checkup())
    chosen = chosen_finding(session)
    match command:
        case FindingArrived(key, finding):
            checkup = checkup.with_finding(finding)
        case DiagnosisArrived(key, answer):
            checkup = checkup.ended(answer)
    session = replace(session, inquiry=session.inquiry.with_checkup(key, checkup))
    if key != checkup_key(session):
        return session
    index = next((index for index, each in enumerate(checkup.findings) if _same(each, chosen)), None)
    return replace(session, cursor=replace(session.cursor, finding=index))


def _same(finding: Finding, other: Finding | None) -> bool:
    """The whole answer has the findings once more, with consequences in their evidence."""
    return other is not None and (finding.code, finding.summary) == (other.code, other.summary)


# --- what was found -------------------------------------------------------------------------------


def move(session: Session, by: int) -> tuple[Session, Place | None]:
    """The `by`-th next finding under the cursor, and the place where it shows."""
    checkup = shown_checkup(session)
    if checkup is None or not checkup.findings:
        return session, None
    index, many = session.cursor.finding, len(checkup.findings)
    if index is None:
        index = -1 if by > 0 else 0
    index = (index + by) % many
    finding = checkup.findings[index]
    place = finding.place or Place(layer=finding.layer or None)
    return replace(session, cursor=replace(session.cursor, finding=index, lens="states")), place


def cursor_at(cursor: Cursor, place: Place, recording: Recording | None) -> Cursor:
    """The cursor where the finding shows, as far as that was recorded."""
    if recording is None:
        return replace(cursor, layer=place.layer or cursor.layer)
    layer = recorded_at(place.layer, recording) if place.layer is not None else None
    return replace(
        cursor,
        layer=layer or cursor.layer,
        step=cursor.step if place.step is None else place.step,
        unit=place.unit if place.unit is not None or layer else cursor.unit,
        sample=cursor.sample if place.sample is None else place.sample,
        series=place.series or cursor.series,
    )


def recorded_at(path: str, recording: Recording | None) -> str | None:
    """The path of the recorded layer at `path`, or of the first inside it."""
    paths = [trace.path for trace in recording.layers] if recording is not None else []
    return next((each for each in paths if each == path or each.startswith((f"{path}/", f"{path}#"))), None)


# --- trying a fix ---------------------------------------------------------------------------------


def finding_in_view(session: Session) -> Finding | None:
    """The finding under the cursor, else the first, else the one whose fix led here."""
    checkup = shown_checkup(session)
    first = checkup.findings[0] if checkup is not None and checkup.findings else None
    return chosen_finding(session) or first or tried_finding(session)


def tried_finding(session: Session) -> Finding | None:
    """The finding whose fix led to the present plan."""
    return session.inquiry.tried.get(session.inquiry.plan)


def fix_of(session: Session) -> MakeEdits | Announce:
    """The edits that try the fix of the finding in view."""
    finding = finding_in_view(session) if shown_checkup(session) is not None else None
    if finding is None:
        return Announce("nothing was found that could be tried; d runs the checks")
    edits = fix_edits(finding)
    if not edits:
        text = finding.fix.text if finding.fix is not None else "There is no remedy to try."
        return Announce(f"{text}\nThis is to be done in your own code; L explains.")
    return MakeEdits(edits)


def fault_edits(finding: Finding | None) -> tuple[Edit, ...]:
    """What makes the fault show before its remedy is tried; empty where it shows already."""
    fault = finding.fix.fault if finding is not None and finding.fix is not None else None
    return (ReplaceCalls(fault),) if fault is not None else ()


def fix_edits(finding: Finding) -> tuple[Edit, ...]:
    """What can be tried here: actions, other settings of layers, other calls; empty where nothing can."""
    fix = finding.fix
    if fix is None:
        return ()
    edits: list[Edit] = [
        action if not fix.input_name or isinstance(action, StateReset) else OnInput(fix.input_name, action)
        for action in fix.actions
    ]
    edits += fix.alterations
    if fix.calls is not None:
        edits.append(ReplaceCalls(fix.calls))
    return tuple(edits)
