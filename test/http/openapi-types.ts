import { membersOf } from "./openapi-description.ts";

/** A JSON schema as a TypeScript type, everything in it readonly. Throws for what it does not know. */
export function typeOf(schema: unknown, at: (pointer: string) => unknown): string {
  const { $ref, type, enum: values, allOf, items, properties, additionalProperties } = membersOf(schema);
  if (typeof $ref === "string") return typeOf(at($ref), at);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(allOf)) return allOf.map((part) => `(${typeOf(part, at)})`).join(" & ");
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  return types.map((one) => oneType(one)).join(" | ");

  function oneType(name: unknown): string {
    switch (name) {
      case "null":
      case "string":
      case "boolean":
        return name;
      case "integer":
      case "number":
        return "number";
      case "array":
        return `readonly (${typeOf(items, at)})[]`;
      case "object":
        return properties === undefined ? recordOf() : objectOf();
      default:
        throw new Error(`no type for ${JSON.stringify(schema)}`);
    }
  }

  function recordOf(): string {
    return `Readonly<Record<string, ${additionalProperties === undefined ? "unknown" : typeOf(additionalProperties, at)}>>`;
  }

  function objectOf(): string {
    const { required } = membersOf(schema);
    const fields = Object.entries(membersOf(properties)).map(([name, field]) => {
      const isRequired = Array.isArray(required) && required.includes(name);
      return `readonly ${JSON.stringify(name)}${isRequired ? "" : "?"}: ${typeOf(field, at)};`;
    });
    return `{ ${fields.join(" ")} }`;
  }
}
