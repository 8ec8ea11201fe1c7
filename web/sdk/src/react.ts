// Card fields and PayPal's button for React 18 and later. React comes from the shop's own packages.

import {
  createElement,
  type ReactElement,
  type Ref,
  type RefCallback,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from "react";
import type {
  CardFields,
  CardFieldsEvents,
  CardFieldsOptions,
  FinCore,
  Mountable,
  PayWithPayPal,
  PayWithPayPalEvents,
  PayWithPayPalOptions,
} from "./public.js";

/** A handler for each event, such as `onReady` and `onChange`. */
export type CardFieldsHandlers = {
  [Name in keyof CardFieldsEvents as `on${Capitalize<Name>}`]?: (event: CardFieldsEvents[Name]) => void;
};

/** A handler for each event: `onReady`, `onResult` and `onLoaderror`. */
export type PayWithPayPalHandlers = {
  [Name in keyof PayWithPayPalEvents as `on${Capitalize<Name>}`]?: (event: PayWithPayPalEvents[Name]) => void;
};

export interface CardFieldsInReact {
  /** The `ref` of the element that the fields are mounted in. */
  ref: RefCallback<HTMLElement>;
  /** The fields, such as for `tokenize`; null until FinCore and the element are there. */
  cardFields: CardFields | null;
}

export interface PayWithPayPalInReact {
  /** The `ref` of the element that the button is mounted in. */
  ref: RefCallback<HTMLElement>;
  /** The button, such as for `focus`; null until FinCore and the element are there. */
  payWithPayPal: PayWithPayPal | null;
}

const OF_CARD_FIELDS: { readonly [Name in keyof CardFieldsEvents]: keyof CardFieldsHandlers } = {
  ready: "onReady",
  change: "onChange",
  focus: "onFocus",
  blur: "onBlur",
  escape: "onEscape",
  loaderror: "onLoaderror",
};
const OF_PAYPAL: { readonly [Name in keyof PayWithPayPalEvents]: keyof PayWithPayPalHandlers } = {
  ready: "onReady",
  result: "onResult",
  loaderror: "onLoaderror",
};

/** What `make` makes: mounted with the element, following the options, and destroyed with the component. */
function useMounted<Options extends object, Events, Made extends Mountable<Options, Events>, Name extends string>(
  fincore: FinCore | null,
  make: (fincore: FinCore, options: Options) => Made,
  options: Options,
  handlerOf: { readonly [Event in keyof Events]: Name },
  handlers: { readonly [Handler in Name]?: ((event: never) => void) | undefined },
): [RefCallback<HTMLElement>, Made | null] {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  const latest = useRef({ options, handlers });
  const changes = JSON.stringify(options);

  useEffect(() => {
    latest.current = { options, handlers };
  });
  useEffect(() => {
    if (!fincore || !place) return;
    const one = make(fincore, latest.current.options);
    for (const name of Object.keys(handlerOf) as (keyof Events)[]) {
      one.on(name, (event) => latest.current.handlers[handlerOf[name]]?.(event as never));
    }
    one.mount(place);
    setMade(one);
    return () => {
      setMade(null);
      one.destroy();
    };
  }, [fincore, place]);
  useEffect(() => {
    made?.update(latest.current.options);
  }, [made, changes]);
  return [setPlace, made];
}

const makeCardFields = (fincore: FinCore, options: CardFieldsOptions): CardFields => fincore.cardFields(options);
const makeButton = (fincore: FinCore, options: PayWithPayPalOptions): PayWithPayPal => fincore.payWithPayPal(options);

/** Card fields that follow the options: they are mounted with the element, and destroyed with the component. */
export function useCardFields(
  fincore: FinCore | null,
  options: CardFieldsOptions,
  handlers: CardFieldsHandlers = {},
): CardFieldsInReact {
  const [ref, cardFields] = useMounted(fincore, makeCardFields, options, OF_CARD_FIELDS, handlers);
  return { ref, cardFields };
}

/** PayPal's button that follows the options: it is mounted with the element, and destroyed with the component. */
export function usePayWithPayPal(
  fincore: FinCore | null,
  options: PayWithPayPalOptions,
  handlers: PayWithPayPalHandlers = {},
): PayWithPayPalInReact {
  // Each render brings a function of its own: the button calls that of the last.
  const latest = useRef(options.createCharge);
  useEffect(() => {
    latest.current = options.createCharge;
  });
  const [createCharge] = useState(() => (wallet: Wallet) => latest.current(wallet));
  const followed = { ...options, createCharge };
  const [ref, payWithPayPal] = useMounted(fincore, makeButton, followed, OF_PAYPAL, handlers);
  return { ref, payWithPayPal };
}

type Wallet = Parameters<PayWithPayPalOptions["createCharge"]>[0];

export interface FinCoreCardFieldsProps extends CardFieldsOptions, CardFieldsHandlers {
  /** What `loadFinCore` gave; null while it is not there yet, and on a server. */
  fincore: FinCore | null;
  /** Gets the fields, such as for `tokenize`. */
  fieldsRef?: Ref<CardFields | null>;
  className?: string;
}

/** An element with card fields in it. */
export function FinCoreCardFields(props: FinCoreCardFieldsProps): ReactElement {
  const { ref, cardFields } = useCardFields(props.fincore, optionsOf(props), props);
  useImperativeHandle<CardFields | null, CardFields | null>(props.fieldsRef, () => cardFields, [cardFields]);
  return createElement("div", { ref, className: props.className });
}

export interface FinCorePayPalProps extends PayWithPayPalOptions, PayWithPayPalHandlers {
  /** What `loadFinCore` gave; null while it is not there yet, and on a server. */
  fincore: FinCore | null;
  /** Gets the button, such as for `focus`. */
  buttonRef?: Ref<PayWithPayPal | null>;
  className?: string;
}

/** An element with PayPal's button in it. After an approval it is empty: another press would make another charge. */
export function FinCorePayPal(props: FinCorePayPalProps): ReactElement {
  const { amount_minor, currency, createCharge, capture, locale, style, title } = props;
  const options: PayWithPayPalOptions = {
    amount_minor,
    currency,
    createCharge,
    ...(capture !== undefined && { capture }),
    ...(locale && { locale }),
    ...(style && { style }),
    ...(title && { title }),
  };
  const { ref, payWithPayPal } = usePayWithPayPal(props.fincore, options, props);
  useImperativeHandle<PayWithPayPal | null, PayWithPayPal | null>(props.buttonRef, () => payWithPayPal, [payWithPayPal]);
  return createElement("div", { ref, className: props.className });
}

function optionsOf({ amount_minor, currency, appearance, locale, title }: FinCoreCardFieldsProps): CardFieldsOptions {
  return {
    amount_minor,
    currency,
    ...(appearance && { appearance }),
    ...(locale && { locale }),
    ...(title && { title }),
  };
}
