// Reads a JSON list of LogQL queries, and prints for each where the grammar of Grafana's editor finds an error.
import { readFileSync } from 'node:fs';
import { parser } from '@grafana/lezer-logql';

const faults = JSON.parse(readFileSync(0, 'utf8')).map((query) => {
  const at = [];
  parser.parse(query).iterate({
    enter(node) {
      if (node.type.isError) at.push(node.from);
    },
  });
  return at;
});
console.log(JSON.stringify(faults));
