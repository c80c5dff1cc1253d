/** Colour, where there is a terminal that wants it. */

import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

function styled(format: Format): (text: string) => string {
  return (text) =>
    process.stdout.isTTY && process.env["NO_COLOR"] === undefined ? styleText(format, text) : text;
}

export const bold: (text: string) => string = styled("bold");
export const red: (text: string) => string = styled("red");
export const green: (text: string) => string = styled("green");
export const dim: (text: string) => string = styled("dim");
