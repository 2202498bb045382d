//! Expectations: `PATH OPERATOR VALUE` over the JSON report.
//!
//! A path walks the report by its names; on a list, a name applies to every element. Shorthands: `leg` is the only leg,
//! `legs[CLIENT->SERVER:PORT]` that leg, `connections[NAME]` a connection of the script, `[0]` an element, `.len` a
//! list's length, `sum(PATH)` the sum of what a path finds. Operators: `== != >= <= > <`, `~` and `!~` (some text of it
//! contains, or none), `=~` (within 2 %, the promise of distributions). `@SECONDS` is a time since the capture's start.

use std::collections::HashMap;

use serde_json::Value;

use super::run::Outcome;
use super::script::{Name, START};

pub struct Context<'a> {
    pub outcome: &'a Outcome,
    pub report: &'a Value,
    pub names: &'a HashMap<String, Name>,
}

const OPERATORS: [&str; 9] = ["==", "!=", ">=", "<=", "=~", "!~", "~", ">", "<"];

/// Checks one expectation; the error says what was found instead.
pub fn check(source: &str, context: &Context) -> Result<(), String> {
    if let Some(code) = source.strip_prefix("exit ") {
        let wanted: i32 = code.trim().parse().map_err(|_| format!("exit code {code}"))?;
        return match context.outcome.code {
            Some(code) if code == wanted => Ok(()),
            other => Err(format!(
                "exit {other:?}; stderr: {}",
                context.outcome.stderr.trim()
            )),
        };
    }
    let mut words = source.splitn(3, ' ');
    let (Some(path), Some(operator), Some(wanted)) = (words.next(), words.next(), words.next()) else {
        return Err("an expectation is PATH OPERATOR VALUE".to_owned());
    };
    if !OPERATORS.contains(&operator) {
        return Err(format!("unknown operator {operator}"));
    }
    let found = evaluate(path, context)?;
    let wanted = wanted_value(wanted.trim(), context)?;
    if holds(&found, operator, &wanted) {
        return Ok(());
    }
    let time = seconds_since_start(&found).filter(|_| matches!(wanted, Wanted::Time(_)));
    Err(match time {
        Some(seconds) => format!("found @{seconds}"),
        None => format!("found {found}"),
    })
}

enum Wanted {
    Value(Value),
    Time(f64),
}

fn wanted_value(text: &str, context: &Context) -> Result<Wanted, String> {
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds
            .parse()
            .map(Wanted::Time)
            .map_err(|_| format!("time {text}"));
    }
    let is_path = ["totals.", "leg.", "legs", "capture.", "connections", "sum("];
    if is_path.iter().any(|prefix| text.starts_with(prefix)) {
        return evaluate(text, context).map(Wanted::Value);
    }
    Ok(Wanted::Value(
        serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    ))
}

fn holds(found: &Value, operator: &str, wanted: &Wanted) -> bool {
    let wanted = match wanted {
        Wanted::Time(seconds) => {
            return operator == "=="
                && seconds_since_start(found).is_some_and(|at| (at - seconds).abs() < 1e-3);
        }
        Wanted::Value(value) => value,
    };
    if let (Some(found), Some(wanted)) = (found.as_f64(), wanted.as_f64()) {
        let close = |share: f64| (found - wanted).abs() <= share * wanted.abs().max(1e-9);
        return match operator {
            "==" => close(1e-9),
            "!=" => !close(1e-9),
            "=~" => close(0.02),
            ">=" => found >= wanted,
            "<=" => found <= wanted,
            ">" => found > wanted,
            "<" => found < wanted,
            _ => false,
        };
    }
    match operator {
        "==" => found == wanted,
        "!=" => found != wanted,
        "~" => contains(found, wanted),
        "!~" => !contains(found, wanted),
        _ => false,
    }
}

fn contains(found: &Value, wanted: &Value) -> bool {
    let needle = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
    match found {
        Value::String(text) => text.contains(&needle),
        Value::Array(items) => items.iter().any(|item| contains(item, wanted)),
        _ => false,
    }
}

/// Epoch seconds or RFC 3339, as seconds since the start of the capture.
fn seconds_since_start(value: &Value) -> Option<f64> {
    let epoch = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.parse::<jiff::Timestamp>().ok()?.as_nanosecond() as f64 / 1e9,
        _ => return None,
    };
    Some(epoch - START as f64 / 1e9)
}

fn evaluate(path: &str, context: &Context) -> Result<Value, String> {
    if let Some(inner) = path.strip_prefix("sum(").and_then(|rest| rest.strip_suffix(')')) {
        let found = find(inner, context)?;
        let sum: f64 = found.iter().filter_map(Value::as_f64).sum();
        return Ok(Value::from(sum));
    }
    let mut found = find(path, context)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err("nothing there".to_owned()),
        _ => Ok(Value::Array(found)),
    }
}

fn find(path: &str, context: &Context) -> Result<Vec<Value>, String> {
    let mut current = vec![context.report.clone()];
    for step in steps(path) {
        current = match step.as_str() {
            "leg" => {
                let legs = context.report["legs"]
                    .as_array()
                    .ok_or("the report has no legs")?;
                match legs.as_slice() {
                    [one] => vec![one.clone()],
                    many => return Err(format!("there are {} legs", many.len())),
                }
            }
            "len" => {
                let length = |value: &Value| value.as_array().map(|items| Value::from(items.len()));
                current
                    .iter()
                    .map(|value| length(value).ok_or("no list"))
                    .collect::<Result<_, _>>()?
            }
            key if key.starts_with("[\"") => {
                let name = key.trim_matches(['[', ']', '"']);
                current
                    .iter()
                    .filter_map(|value| value.get(name))
                    .cloned()
                    .collect()
            }
            key if key.starts_with('[') => {
                let inner = &key[1..key.len() - 1];
                let items: Vec<Value> = current
                    .iter()
                    .filter_map(Value::as_array)
                    .flatten()
                    .cloned()
                    .collect();
                vec![element(inner, &items, context)?]
            }
            key => {
                let mut next = Vec::new();
                for value in &current {
                    match value {
                        Value::Array(items) => {
                            next.extend(items.iter().filter_map(|item| item.get(key)).cloned());
                        }
                        // What is null as a whole has null parts.
                        Value::Null => next.push(Value::Null),
                        _ => next.extend(value.get(key).cloned()),
                    }
                }
                if next.is_empty() {
                    return Err(format!("no {key}"));
                }
                next
            }
        };
    }
    Ok(current)
}

fn element(inner: &str, items: &[Value], context: &Context) -> Result<Value, String> {
    if let Ok(index) = inner.parse::<usize>() {
        return items.get(index).cloned().ok_or(format!("no element {index}"));
    }
    if let Some((client, server)) = inner.split_once("->") {
        let leg = items
            .iter()
            .find(|leg| leg["client"] == client && leg["server"] == server);
        return leg.cloned().ok_or(format!("no leg {inner}"));
    }
    let name = context
        .names
        .get(inner)
        .ok_or(format!("no connection {inner} in the script"))?;
    let (client, server) = (name.client.to_string(), name.server.to_string());
    let mut same: Vec<&Value> = items
        .iter()
        .filter(|item| item["client"] == *client && item["server"] == *server)
        .collect();
    same.sort_by_key(|item| item["first_frame"].as_u64());
    same.get(name.nth)
        .copied()
        .cloned()
        .ok_or(format!("no connection {client} -> {server} #{}", name.nth))
}

/// Names, and what stands in brackets (which may hold the brackets of an IPv6 address).
fn steps(path: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut depth = 0;
    for c in path.chars() {
        match c {
            '[' if depth == 0 => out.push("[".to_owned()),
            '.' if depth == 0 => out.push(String::new()),
            _ => {
                if let Some(last) = out.last_mut() {
                    last.push(c);
                }
            }
        }
        depth += i32::from(c == '[') - i32::from(c == ']');
    }
    out.retain(|step| !step.is_empty());
    out
}
