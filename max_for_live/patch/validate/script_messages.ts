/** A script's messages: names of its handlers, and the first words at its outlets. */

import {
  type AnyNode,
  type CallExpression,
  type ObjectExpression,
  type Program,
  parse,
} from "acorn";

/** The version that Max's engine supports. */
const ECMA_VERSION = 2020;

/** Throw acorn's SyntaxError if it is not a script of that version. */
export function programOf(code: string): Program {
  return parse(code, { ecmaVersion: ECMA_VERSION, sourceType: "script" });
}

/** Return the top-level names of the script, which Max can call. */
export function handlersOf(program: Program): Set<string> {
  const names = program.body.flatMap((statement) => {
    if (statement.type === "FunctionDeclaration") return [statement.id.name];
    if (statement.type === "VariableDeclaration") {
      return statement.declarations.flatMap((one) =>
        one.id.type === "Identifier" ? [one.id.name] : [],
      );
    }
    return [];
  });
  return new Set(names);
}

/** Return the literal first words of messages at each outlet. */
export function outletMessages(program: Program): [number, string][] {
  const numbers = new Map<string, number>();
  const calls: CallExpression[] = [];
  visit(program, (node) => {
    if (node.type === "VariableDeclarator" && node.init?.type === "ObjectExpression") {
      const name = node.id.type === "Identifier" ? node.id.name : "";
      readNumbers(name, node.init, numbers);
    }
    if (node.type === "CallExpression" && isName(node.callee, "outlet")) calls.push(node);
  });
  return calls.flatMap((call) => {
    const [outlet, word] = [outletOf(call, numbers), wordOf(call)];
    return outlet === undefined || word === undefined ? [] : [[outlet, word] as [number, string]];
  });
}

/** `var OUT = { ui: 0 }` defines `OUT.ui` as 0. */
function readNumbers(name: string, object: ObjectExpression, numbers: Map<string, number>): void {
  for (const property of object.properties) {
    if (
      property.type === "Property" &&
      property.key.type === "Identifier" &&
      property.value.type === "Literal" &&
      typeof property.value.value === "number"
    ) {
      numbers.set(`${name}.${property.key.name}`, property.value.value);
    }
  }
}

function outletOf(call: CallExpression, numbers: Map<string, number>): number | undefined {
  const first = call.arguments[0];
  if (first?.type === "Literal" && typeof first.value === "number") return first.value;
  if (first?.type !== "MemberExpression" || first.property.type !== "Identifier") return undefined;
  const owner = first.object.type === "Identifier" ? first.object.name : "";
  return numbers.get(`${owner}.${first.property.name}`);
}

function wordOf(call: CallExpression): string | undefined {
  const second = call.arguments[1];
  const first = second?.type === "ArrayExpression" ? second.elements[0] : second;
  return first?.type === "Literal" && typeof first.value === "string" ? first.value : undefined;
}

function isName(node: AnyNode, name: string): boolean {
  return node.type === "Identifier" && node.name === name;
}

function visit(node: AnyNode, action: (node: AnyNode) => void): void {
  action(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child && typeof child === "object" && typeof (child as AnyNode).type === "string") {
        visit(child as AnyNode, action);
      }
    }
  }
}
