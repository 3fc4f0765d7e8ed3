"""EventBridge: rules and their targets."""

from typing import Any

from local_aws import crud
from local_aws.errors import AwsError, NotSupported
from local_aws.events import bus, inputs, targets, timetable
from local_aws.events.patterns import compile_pattern
from local_aws.events.timer import Timer
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("events")

_KEPT = ("EventPattern", "ScheduleExpression", "Description", "RoleArn")


def bus_name(aws: Aws, name_or_arn: str | None) -> str:
    """The name of a bus that exists. Raises AwsError "ResourceNotFoundException"."""
    name = (name_or_arn or bus.DEFAULT).rpartition("/")[2]
    if name != bus.DEFAULT and not aws.store.get("events:EventBus", name):
        raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")
    return name


def find(aws: Aws, request: Request, member: str = "Name") -> Document:
    """The rule that a request names. Raises AwsError "ResourceNotFoundException"."""
    name, on = request[member], bus_name(aws, request.get("EventBusName"))
    rule = aws.store.get(bus.RULES, f"{on}/{name}")
    if rule is None:
        raise AwsError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {on}.")
    return rule


def save(aws: Aws, rule: Document) -> None:
    aws.store.put(bus.RULES, f"{rule['EventBusName']}/{rule['Name']}", rule)
    aws.part(Timer).changed()


@operations("PutRule")
def put_rule(aws: Aws, request: Request) -> Result:
    on = bus_name(aws, request.get("EventBusName"))
    pattern, expression = request.get("EventPattern"), request.get("ScheduleExpression")
    if not pattern and not expression:
        raise AwsError("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if pattern:
        compile_pattern(pattern)
    if expression:
        if on != bus.DEFAULT:
            raise AwsError("ValidationException", "ScheduleExpression is supported only on the default event bus.")
        if expression.startswith("at("):
            raise AwsError("ValidationException", "Parameter ScheduleExpression is not valid.")
        timetable.read(expression)
    if request.get("State") == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS":
        raise NotSupported("the state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS of rules")
    name = request["Name"]
    path = name if on == bus.DEFAULT else f"{on}/{name}"
    with aws.store.transaction():
        held = aws.store.get(bus.RULES, f"{on}/{name}") or {"Targets": {}, "Tags": request.get("Tags", [])}
        rule = {
            "Name": name,
            "Arn": aws.arn("events", f"rule/{path}"),
            "EventBusName": on,
            "State": request.get("State", "ENABLED"),
            "CreatedBy": aws.account,
            "Targets": held["Targets"],
            "Tags": held.get("Tags", []),
            "Since": aws.clock.now(),
        } | {member: request[member] for member in _KEPT if request.get(member)}
        save(aws, _timed(aws, rule))
    return {"RuleArn": rule["Arn"]}


def _timed(aws: Aws, rule: Document) -> Document:
    """The rule with the time at which it is due next, when it has a schedule."""
    rule["Due"] = None
    if rule.get("ScheduleExpression") and rule["State"] != "DISABLED":
        rule["Due"] = timetable.read(rule["ScheduleExpression"]).after(aws.clock.now(), rule["Since"])
    return rule


@operations("DescribeRule")
def describe_rule(aws: Aws, request: Request) -> Result:
    return find(aws, request)


@operations("ListRules")
def list_rules(aws: Aws, request: Request) -> Result:
    on = bus_name(aws, request.get("EventBusName"))
    rules = [rule for _, rule in aws.store.scan(bus.RULES, f"{on}/{request.get('NamePrefix') or ''}")]
    found, token = crud.cut(rules, lambda rule: rule["Name"], request.get("NextToken"), request.get("Limit", 100))
    return {"Rules": found, "NextToken": token}


@operations("EnableRule")
def enable_rule(aws: Aws, request: Request) -> Result:
    return _switch(aws, request, "ENABLED")


@operations("DisableRule")
def disable_rule(aws: Aws, request: Request) -> Result:
    return _switch(aws, request, "DISABLED")


def _switch(aws: Aws, request: Request, state: str) -> Result:
    with aws.store.transaction():
        save(aws, _timed(aws, find(aws, request) | {"State": state}))
    return None


@operations("DeleteRule")
def delete_rule(aws: Aws, request: Request) -> Result:
    """Deleting a rule that is not there is no error, as on AWS."""
    on = bus_name(aws, request.get("EventBusName"))
    with aws.store.transaction():
        rule = aws.store.get(bus.RULES, f"{on}/{request['Name']}")
        if rule and rule["Targets"]:
            raise AwsError("ValidationException", "Rule can't be deleted since it has targets.")
        aws.store.delete(bus.RULES, f"{on}/{request['Name']}")
    return None


# targets


@operations("PutTargets")
def put_targets(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        rule = find(aws, request, "Rule")
        for target in request["Targets"]:
            targets.check(target)
            inputs.check(target)
            rule["Targets"][target["Id"]] = {key: value for key, value in target.items() if value is not None}
        if len(rule["Targets"]) > 5:
            raise AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed: 5.")
        save(aws, rule)
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operations("RemoveTargets")
def remove_targets(aws: Aws, request: Request) -> Result:
    missing = []
    with aws.store.transaction():
        rule = find(aws, request, "Rule")
        for name in request["Ids"]:
            if rule["Targets"].pop(name, None) is None:
                message = f"Rule {rule['Name']} does not have a target {name}."
                missing.append({"TargetId": name, "ErrorCode": "ResourceNotFoundException", "ErrorMessage": message})
        save(aws, rule)
    return {"FailedEntryCount": len(missing), "FailedEntries": missing}


@operations("ListTargetsByRule")
def list_targets(aws: Aws, request: Request) -> Result:
    rule = find(aws, request, "Rule")
    found, token = crud.cut(
        rule["Targets"].values(), lambda target: target["Id"], request.get("NextToken"), request.get("Limit", 100)
    )
    return {"Targets": found, "NextToken": token}


@operations("ListRuleNamesByTarget")
def list_rule_names(aws: Aws, request: Request) -> Result:
    on = bus_name(aws, request.get("EventBusName"))
    names = [
        {"Name": rule["Name"]}
        for _, rule in aws.store.scan(bus.RULES, f"{on}/")
        if any(target["Arn"] == request["TargetArn"] for target in rule["Targets"].values())
    ]
    found, token = crud.cut(names, lambda rule: rule["Name"], request.get("NextToken"), request.get("Limit", 100))
    return {"RuleNames": [rule["Name"] for rule in found], "NextToken": token}
