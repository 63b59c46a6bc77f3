// A value that follows another one when it has rested for a moment.
import { useEffect, useState } from "preact/hooks";

const REST = 600; // ms: nobody wants a request for every letter of an address

export function useDebounced<Value>(value: Value): Value | undefined {
  const [rested, setRested] = useState<Value>();
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST);
    return () => clearTimeout(timer);
  }, [value]);
  return rested === value ? rested : undefined;
}
